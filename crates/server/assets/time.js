// Times and durations, as the server writes them (`http/pages/time.rs`), in the reader's time zone.

export function ago(seconds) {
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

export function duration(millis) {
  const seconds = Math.floor(millis / 1000);
  if (seconds < 10) return `${(Math.floor(millis / 100) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
}

const two = (number) => String(number).padStart(2, '0');

// `14:03:07.250`, from microseconds since the epoch.
export function clock(micros) {
  const time = new Date(micros / 1000);
  const millis = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millis}`;
}

// `2026-11-22 08:40:12 GMT+1`
export function exact(time) {
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone(time)}`;
}

// The name of the reader's time zone: `GMT+1`, `UTC`, `PST`.
export function zone(time = new Date()) {
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(time);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'local time';
}

// Keeps what a page says of time up to date, and its titles in the reader's zone.
export function tick() {
  const now = Date.now();
  for (const span of document.querySelectorAll('[data-since]')) {
    const text = duration(Math.max(0, now - Date.parse(span.dataset.since)));
    if (span.textContent === text) continue;
    // The name of a link in a graph has the time in it, as it is shown.
    const link = span.closest('a[aria-label]');
    const label = link?.getAttribute('aria-label') ?? '';
    // The last one: the name of the job may look like a time.
    const at = label.lastIndexOf(span.textContent);
    if (at >= 0) link.setAttribute('aria-label', label.slice(0, at) + text + label.slice(at + span.textContent.length));
    span.textContent = text;
  }
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const at = new Date(time.dateTime);
    const text = ago(Math.max(0, (now - at) / 1000));
    if (time.textContent !== text) time.textContent = text;
    const title = exact(at);
    if (time.title !== title) time.title = title;
  }
  for (const time of document.querySelectorAll('time[data-exact]')) {
    const text = exact(new Date(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
  for (const span of document.querySelectorAll('[data-from][data-to]')) {
    const { from, to } = span.dataset;
    const title = `${exact(new Date(from))} to ${exact(new Date(to))}`;
    if (span.title !== title) span.title = title;
  }
}

setInterval(() => document.hidden || tick(), 1000);
tick();
