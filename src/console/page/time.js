// The one file of the page that reads the time and sets timers.

let offsetMs = 0;

/** Takes the service's time, so that ages are right on a machine whose clock is not. */
export function setServiceTime(now) {
  offsetMs = now - Date.now();
}

/** The service's time, epoch ms. */
export function now() {
  return Date.now() + offsetMs;
}

/** Milliseconds since the page was opened: only differences mean something. */
export function elapsed() {
  return performance.now();
}

export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Calls `fn` unless it is called off, or put off again, within `ms`. */
export function watchdog(ms, fn) {
  let timer = setTimeout(() => fn(), ms);
  return {
    putOff() {
      clearTimeout(timer);
      timer = setTimeout(() => fn(), ms);
    },
    callOff: () => clearTimeout(timer),
  };
}

/** Keeps every `<time data-since>` and `<time data-until>` up to date. */
export function keepTimes() {
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-since], time[data-until]")) showTime(element);
  }, 1000);
}

/** Writes how long ago, or how soon, the element's time is. */
export function showTime(element) {
  const { since, until } = element.dataset;
  const text = since === undefined ? timeLeft(Number(until) - now()) : `${span(now() - Number(since))} ago`;
  if (element.textContent !== text) element.textContent = text;
}

/** A time span in the two largest units that matter: `4 min`, `1 h 20 min`. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Clock time, with the day when it is not today's. */
export function clockTime(ms) {
  const date = new Date(ms);
  const sameDay = date.toDateString() === new Date(now()).toDateString();
  const time = date.toLocaleTimeString(undefined, { hour12: false });
  return sameDay ? time : `${date.toLocaleDateString()} ${time}`;
}

function timeLeft(ms) {
  if (ms <= 0) return "ended";
  return ms < 60_000 ? `${Math.ceil(ms / 1000)} s left` : `${span(ms)} left`;
}
