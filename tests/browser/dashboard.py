"""What a user of the dashboard sees and does, as operations of the browser."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

expect.set_options(timeout=60_000)  # for a busy machine; nothing is measured by it

_TOP_OF_LINE = """(share) => {
  // How far up the plotting area the line reaches: 0 (bottom) to 1 (top), or null where there is no line. With a share
  // (0: left end, 1: right end), in that column alone.
  const canvas = document.querySelector('#chart canvas');
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--data');
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  const whole = canvas.getBoundingClientRect();
  const area = document.querySelector('#chart .u-over').getBoundingClientRect();
  const scale = canvas.width / whole.width;
  const left = Math.round((area.left - whole.left + (share ?? 0) * area.width) * scale);
  const top = Math.round((area.top - whole.top) * scale);
  const width = share === null ? Math.round(area.width * scale) : 1;
  const height = Math.round(area.height * scale) + 2;
  const { data } = canvas.getContext('2d').getImageData(left, top, width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) return 1 - y / (height - 2);
    }
  }
  return null;
}"""

_REDDISH = """([start, end]) => {
  const canvas = document.querySelector('#chart canvas');
  const whole = canvas.getBoundingClientRect();
  const area = document.querySelector('#chart .u-over').getBoundingClientRect();
  const scale = canvas.width / whole.width;
  const left = Math.round((area.left - whole.left + start * area.width) * scale);
  const top = Math.round((area.top - whole.top) * scale);
  const width = Math.round((end - start) * area.width * scale);
  const { data } = canvas.getContext('2d').getImageData(left, top + 30, width, 40);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] > 0 && data[at] - data[at + 1] > 25 && data[at + 1] - data[at + 2] < 15) return true;
  }
  return false;
}"""


class Dashboard:
    """One open page. `faults` are scripts that failed and what the page's policy refused; `requests` are its URLs."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heed)
        page.on("request", lambda request: self.requests.append(request.url))

    def _heed(self, message):
        # Failed requests are expected by the tests that stop the API.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def open(self, url):
        self.page.goto(url)
        return self

    def expect_total(self, text):
        expect(self.page.locator("#total")).to_have_text(text)

    def expect_state(self, text):
        expect(self.page.locator("#state")).to_have_text(text)

    def expect_banner(self, text):
        expect(self.page.locator("#banner")).to_contain_text(text)

    def expect_no_banner(self):
        expect(self.page.locator("#banner")).to_be_hidden()

    def expect_bucket(self, name):
        expect(self.page.locator("#bucket-name")).to_have_text(name)

    @property
    def exact(self):
        return self.page.inner_text("#exact")

    @property
    def shown(self):
        """The bucket and window in the URL."""
        return {name: value for name, (value,) in parse_qs(urlsplit(self.page.url).fragment).items()}

    @property
    def top_of_line(self):
        return self.page.evaluate(_TOP_OF_LINE, None)

    def level_at(self, share):
        """How far up the line is, both as shares of the plotting area."""
        return self.page.evaluate(_TOP_OF_LINE, share)

    def reddish(self, start, end):
        """Whether a part of the upper half of the plotting area has pixels of the hatching; both are shares of its width."""
        return self.page.evaluate(_REDDISH, [start, end])

    def choose_window(self, name):
        self.page.get_by_role("radio", name=name, exact=True).check()

    def expect_window(self, name):
        expect(self.page.get_by_role("radio", name=name, exact=True)).to_be_checked()

    @property
    def buckets(self):
        return self.page.get_by_role("combobox", name="Bucket", exact=True)

    def choose_bucket(self, name):
        expect(self.buckets.locator(f"option[value='{name}']")).to_be_attached()
        self.buckets.select_option(name)

    def rows(self, table):
        return self.page.locator(f"#{table}-rows tr")
