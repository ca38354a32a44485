// Live parts of a page: <live-region topics="pipeline:ID" src="/pipeline/ID/live">.
//
// One stream for a page says that something changed; the region then fetches its part again and
// applies the differences to the page. Nothing is lost by a broken stream: each new one begins with
// `hello`, and every region looks. The server says something every 15 seconds, so a stream that is
// silent for longer than SILENCE_MS is lost, though nothing has closed it: a proxy may have stopped
// passing it on, or the machine was asleep.
import { tick } from './time.js';

const regions = new Set();
let stream = null;
let hiddenSince = null;
let over = false;
let heardAt = 0;

const SILENCE_MS = 40_000;
// Outcomes that are announced at once.
const SAID = 3;

export function start() {
  if (!regions.size) return;
  connect();
  setInterval(listen, 5_000);
  // A page in the background gives its connection back: browsers have few for one host.
  setInterval(() => {
    if (document.hidden) hiddenSince ??= Date.now();
    if (hiddenSince && Date.now() - hiddenSince > 60_000) disconnect();
  }, 10_000);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    hiddenSince = null;
    if (!stream && !over) connect();
    listen();
  });
}

// Takes up a stream that has gone silent.
function listen() {
  if (!stream || Date.now() - heardAt < SILENCE_MS) return;
  lamp(false);
  reconnect();
}

function connect() {
  const topics = new Set([...regions].flatMap((region) => region.topics));
  const query = new URLSearchParams([...topics].map((topic) => ['topic', topic]));
  stream = new EventSource(`/events?${query}`);
  heardAt = Date.now();
  for (const kind of ['hello', 'update', 'ping']) {
    stream.addEventListener(kind, () => { heardAt = Date.now(); });
  }
  stream.addEventListener('hello', () => {
    lamp(true);
    for (const region of regions) region.refresh();
    document.dispatchEvent(new CustomEvent('logs-changed', { detail: null }));
  });
  stream.addEventListener('update', (event) => {
    const update = JSON.parse(event.data);
    const topics = new Set(update.topics);
    for (const region of regions) {
      if (region.topics.some((topic) => topics.has(topic))) region.refresh();
    }
    if (Object.keys(update.logs).length) {
      document.dispatchEvent(new CustomEvent('logs-changed', { detail: update.logs }));
    }
  });
  stream.addEventListener('error', () => {
    lamp(false);
    // A refusal ends the stream for good; a lost connection is taken up again by the browser.
    if (stream?.readyState === EventSource.CLOSED) refused();
  });
}

// The server answered, and not with a stream: it may be starting, or this session has ended.
async function refused() {
  const [region] = regions;
  const answer = await fetch(region.getAttribute('src'), { headers: { accept: '*/*' } }).catch(() => null);
  if (answer?.status === 401) return ended('Signed out.', 'Sign in again');
  if (answer?.status === 404) return ended('No longer available.', 'Reload');
  setTimeout(reconnect, 5_000);
}

// This page no longer updates on its own: say so, and what to do.
function ended(text, label) {
  disconnect();
  over = true;
  const lamp = document.getElementById('lamp');
  if (!lamp) return;
  const link = document.createElement('a');
  const here = location.pathname + location.search + location.hash;
  link.href = label === 'Reload' ? here : `/login?return=${encodeURIComponent(here)}`;
  link.textContent = label;
  lamp.hidden = false;
  lamp.className = 'live-lamp ended';
  lamp.replaceChildren(text, ' ', link);
}

function reconnect() {
  if (document.hidden) return;
  disconnect();
  connect();
}

function disconnect() {
  stream?.close();
  stream = null;
}

function lamp(good) {
  const lamp = document.getElementById('lamp');
  if (!lamp) return;
  lamp.hidden = false;
  lamp.classList.toggle('lost', !good);
  const text = good ? 'Live' : 'Reconnecting';
  if (lamp.textContent !== text) lamp.textContent = text;
}

class LiveRegion extends HTMLElement {
  #busy = false;
  #again = false;
  #family = null;

  connectedCallback() {
    regions.add(this);
    this.#family = this.firstElementChild?.dataset.family ?? null;
  }

  disconnectedCallback() {
    regions.delete(this);
  }

  get topics() {
    return this.getAttribute('topics').split(' ');
  }

  // Many updates make one fetch, and never two at a time.
  async refresh() {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    try {
      await this.#fetch();
    } catch {
      this.#again = false;
    }
    await new Promise((done) => setTimeout(done, 120));
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      this.refresh();
    }
  }

  async #fetch() {
    const answer = await fetch(this.getAttribute('src'), { headers: { accept: '*/*' } });
    if (answer.status === 401) ended('Signed out.', 'Sign in again');
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const next = page.body.firstElementChild;
    const now = this.firstElementChild;
    if (!next || !now) return;
    keepOpen = !next.querySelector('details[data-keep-open][open]');
    const known = outcomes(now);
    morph(now, next);
    announce(outcomes(now).filter((one) => !known.includes(one)));
    // The server writes titles in UTC.
    tick();
    if (now.dataset.family) {
      favicon(now.dataset.family);
      if (now.dataset.family !== this.#family) dismiss();
    }
    this.dispatchEvent(new CustomEvent('refreshed', { bubbles: true }));
  }
}

customElements.define('live-region', LiveRegion);

// What the server wrote as a sentence of its own, for those who do not see the page change.
const outcomes = (part) => [...part.querySelectorAll('[data-outcome]')].map((one) => one.dataset.outcome);

// Each is read out in the middle of what the reader does, so more than a few are only counted.
function announce(sentences) {
  if (!sentences.length) return;
  const more = sentences.length - SAID;
  const said = sentences.slice(0, SAID).concat(more > 0 ? [`and ${more} more`] : []);
  document.getElementById('outcomes').textContent = `${said.join(', ')}.`;
}

// What was said about the last press of a button is old once the status has changed.
function dismiss() {
  document.getElementById('done')?.remove();
}

function favicon(family) {
  const icon = document.getElementById('favicon');
  const address = icon.href.replace(/favicon-\w+/, `favicon-${family}`);
  if (icon.href !== address) icon.href = address;
}

// Makes `now` like `next` and leaves alone what is the same: focus, selection, what is open.
function morph(now, next) {
  if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName) {
    now.replaceWith(next);
    return;
  }
  if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
    return;
  }
  attributes(now, next);
  if (!now.hasAttribute('data-keep')) children(now, next);
}

// Nothing else opens: what the reader looks at must not close because it has finished.
let keepOpen = false;

function attributes(now, next) {
  const kept = (name) => name === 'open' && ('touched' in now.dataset || (keepOpen && now.hasAttribute('data-keep-open')));
  for (const { name, value } of next.attributes) {
    if (!kept(name) && now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name) && !kept(name) && name !== 'data-touched') now.removeAttribute(name);
  }
}

function children(now, next) {
  const known = new Map();
  for (const child of now.children) if (child.id) known.set(child.id, child);
  let at = now.firstChild;
  for (const incoming of [...next.childNodes]) {
    let match = incoming.id ? known.get(incoming.id) : null;
    if (!match && at && !incoming.id && !at.id && at.nodeName === incoming.nodeName) match = at;
    if (!match) {
      if (known.size && incoming.id) incoming.classList.add('fresh');
      now.insertBefore(incoming, at);
    } else {
      if (match === at) at = at.nextSibling;
      else now.insertBefore(match, at);
      morph(match, incoming);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

// What the reader opened, closed or reads stays as it is.
for (const kind of ['click', 'wheel', 'keydown']) {
  document.addEventListener(kind, (event) => {
    const details = event.target.closest?.('details[data-keep-open]');
    if (details) details.dataset.touched = '';
  }, { passive: true });
}
