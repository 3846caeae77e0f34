/** Wait until no promise is left that could go on without a timer. */
const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** A clock that moves only when a test says so; between two timers, everything that is ready runs. */
export class FakeClock {
  #time = 0;
  #timers = new Map();
  #last = 0;

  now = () => this.#time;

  after = (milliseconds, act) => {
    this.#last += 1;
    this.#timers.set(this.#last, { at: this.#time + milliseconds, act });
    return this.#last;
  };

  cancel = (timer) => this.#timers.delete(timer);

  /** How many timers are set. */
  get pending() {
    return this.#timers.size;
  }

  async advance(milliseconds) {
    const end = this.#time + milliseconds;
    await settled();
    for (let timer = this.#first(end); timer; timer = this.#first(end)) {
      const [id, { at, act }] = timer;
      this.#time = at;
      this.#timers.delete(id);
      act();
      await settled();
    }
    this.#time = end;
  }

  #first(end) {
    const due = [...this.#timers].filter(([, { at }]) => at <= end);
    return due.reduce((first, one) => (first === null || one[1].at < first[1].at ? one : first), null);
  }
}
