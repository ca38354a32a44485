// Chromium as a visitor: opens pages, and reports everything that a visitor would not see.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';

export const settings = JSON.parse(process.argv[2]);
const require = createRequire(join(settings.modules, 'visitor.cjs'));
const { chromium } = require('playwright-core');
const { AxeBuilder } = require('@axe-core/playwright');

mkdirSync(settings.pictures, { recursive: true });
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Asks the test to do something that a browser cannot do.
export async function ask(request) {
  console.log(`ask ${JSON.stringify(request)}`);
  return (await answers.next()).value;
}

export const push = (forge, repository, message, config, branch = 'main') =>
  ask({ what: 'push', forge, repository, message, config, branch });

// The link at the end of the newest email.
export const emailLink = () => ask({ what: 'email' });

export const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// Errors of any page, with what was being done: the story ends by showing that there were none.
export const complaints = [];
let doing = 'start';

export async function chapter(title, story) {
  doing = title;
  const began = Date.now();
  try {
    await story();
  } catch (error) {
    console.log(`FAILED ${title}`);
    for (const context of browser.contexts()) {
      for (const page of context.pages()) {
        console.log(`  at ${page.url()}`);
        await page.screenshot({ path: join(settings.pictures, 'failed.png') }).catch(() => {});
        console.log(await page.locator('main').innerText({ timeout: 1000 }).catch(() => '(no page)'));
      }
    }
    throw error;
  }
  console.log(`${title} (${Date.now() - began} ms)`);
}

export async function visitor(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    colorScheme: 'light',
    baseURL: settings.url,
    ...options,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.expected = [];
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    const text = message.text();
    if (page.expected.some((pattern) => pattern.test(text))) return;
    // Jobs on this host make network interfaces; Chromium then sends again what it was sending.
    if (text.includes('ERR_NETWORK_CHANGED')) return;
    complaints.push(`${doing}: ${message.type()}: ${text} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`${doing}: ${error.stack}`));
  return page;
}

// Signs in at a forge, through its own pages.
export async function signIn(page, forge, login) {
  await page.getByRole('button', { name: new RegExp(`(Sign in with|Connect) ${forge}`) }).first().click();
  await page.locator(`button[name=login][value=${login}]`).click();
  await page.locator('[name=decision][value=allow]').click();
  await page.waitForURL((url) => url.origin === new URL(settings.url).origin);
}

// Nothing that axe knows of may be in the way of a reader.
export async function accessible(page, name) {
  const result = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const found = result.violations.map((one) =>
    `${one.id}: ${one.nodes.length}, as in ${one.nodes[0].html.slice(0, 200)} (${one.nodes[0].failureSummary})`);
  assert.deepEqual(found, [], `${name}: axe objects`);
  assert.ok(result.passes.length > 10, `${name}: axe has seen a page`);
}

// What a link or a button shows is in its name: people who speak to their browser say what they see.
export async function shownIsNamed(page, name) {
  const result = await new AxeBuilder({ page }).withRules(['label-content-name-mismatch']).analyze();
  const found = result.violations.flatMap((one) => one.nodes.map((node) => node.html.slice(0, 200)));
  assert.deepEqual(found, [], `${name}: what is shown is not in the name`);
  assert.ok(result.passes.length > 0, `${name}: axe has seen names`);
}

export async function picture(page, name, options = {}) {
  await page.screenshot({ path: join(settings.pictures, `${name}.png`), animations: 'disabled', ...options });
}

// Whether a page has to be scrolled sideways.
export async function fits(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
}

export { assert };
