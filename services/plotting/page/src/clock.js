/** The browser's clock and timers, as one value, so that a test can bring another. Times are in milliseconds. */
export const browserClock = {
  now: () => performance.now(),
  after: (milliseconds, act) => setTimeout(act, milliseconds),
  cancel: (timer) => clearTimeout(timer),
};
