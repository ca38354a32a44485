// Chapters on narrow windows: no page has to be scrolled sideways, whatever things are called.
import { assert, chapter, push, visitor } from './visitor.mjs';
import * as configs from './configs.mjs';

const branch = `topic/${'b'.repeat(194)}`;
const variable = `V_${'v'.repeat(150)}`;

const looks = [['light', 390], ['dark', 390], ['light', 1280], ['dark', 1280]];

// What is wider than the window, to be named in the message.
const tooWide = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return null;
  const outside = [...document.body.querySelectorAll('*')].filter((one) =>
    one.getBoundingClientRect().right > clientWidth + 1 && !one.closest('.log-scroll, .graph-frame, .job-table, pre'));
  return `${scrollWidth} px: ${outside.slice(0, 5).map((one) => `${one.localName}.${one.className}`).join(', ')}`;
});

export async function narrow(page) {
  await chapter('what is wrong is in view, also far to the right of a line, and without script', async () => {
    await push('gh', 'greet', 'Stay in view', configs.wrongFarRight);
    await page.goto('/gh/acme/greet');
    await page.getByRole('link', { name: 'Stay in view' }).click();
    await page.locator('.pipeline-status strong', { hasText: 'Config error' }).waitFor({ timeout: 60_000 });
    const storageState = await page.context().storageState();
    for (const [width, javaScriptEnabled] of [[390, true], [390, false], [1280, true]]) {
      const reader = await visitor({ viewport: { width, height: 844 }, storageState, javaScriptEnabled });
      for (const path of [page.url(), `${page.url()}/config`]) {
        await reader.goto(path);
        const mark = reader.locator('.src mark').first();
        await mark.scrollIntoViewIfNeeded();
        const [box, frame] = [await mark.boundingBox(), await reader.locator('.src').first().boundingBox()];
        const isIn = box.x >= frame.x && box.x + box.width <= Math.min(width, frame.x + frame.width);
        assert.ok(isIn, `${path} at ${width}: the mark is at ${box.x}`);
        assert.equal(await reader.locator('.src').first().evaluate((one) => one.scrollLeft), 0);
      }
      await reader.context().close();
    }
  });

  await chapter('no page scrolls sideways on a phone, whatever the names are', async () => {
    await push('gh', 'greet', `Say ${configs.longName}`, configs.lengthy, branch);
    const filtered = `/gh/acme/greet?branch=${encodeURIComponent(branch)}`;
    await page.goto(filtered);
    const row = page.locator('.pipeline', { hasText: 'Say nnn' });
    await row.locator('.dial[title=Failed]').waitFor({ timeout: 60_000 });
    await row.locator('.subject').click();
    await page.waitForURL('**/pipeline/**');
    const pipeline = new URL(page.url()).pathname;
    await page.locator('.node').first().click();
    await page.waitForURL('**/job/**');
    const job = new URL(page.url()).pathname;
    const settings = '/gh/acme/greet/settings';
    await page.goto(settings);
    await page.getByLabel('Name', { exact: true }).fill(variable);
    await page.getByLabel('Value').fill('secret-of-many-letters');
    await page.getByRole('button', { name: 'Set variable' }).click();
    await page.getByText('Variable saved.').waitFor();
    await page.goto('/gh/acme/greet/deliveries');
    await page.locator('.receipts .subject').first().click();
    const receipt = new URL(page.url()).pathname;
    const pages = {
      'dashboard': '/', 'filter': `/?branch=${encodeURIComponent(branch)}`, 'projects': '/projects',
      add: '/add', runners: '/runners', preferences: '/preferences', planned: '/docs/planned', diagnostics: '/docs/diagnostics',
      'project': '/gh/acme/greet', 'branch': filtered, 'settings': settings,
      'badge': `${settings}?badge-branch=${encodeURIComponent(branch)}`, setup: '/gh/acme/greet/setup',
      deliveries: '/gh/acme/greet/deliveries', receipt, 'pipeline': pipeline, config: `${pipeline}/config`, 'job': job,
    };
    const wide = [];
    await page.goto(pipeline);
    const out = await page.locator('.node').evaluateAll((nodes) => nodes.filter((node) =>
      node.querySelector('.node-name').getBoundingClientRect().right > node.querySelector('rect').getBoundingClientRect().right));
    assert.equal(out.length, 0, 'a name ends within its node');
    for (const [scheme, width] of looks) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme: scheme });
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path);
        await page.locator('main h1').first().waitFor({ state: 'attached' });
        // Everything that can be opened is a part of the page, too.
        await page.evaluate(() => { for (const one of document.querySelectorAll('main details')) one.open = true; });
        const found = await tooWide(page);
        if (found) wide.push(`${name}, ${width}: ${found}`);
      }
    }
    assert.deepEqual(wide, []);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto('/gh/acme/greet');
    for (const word of ['Follow', 'Trigger pipeline']) {
      const button = page.getByText(new RegExp(`^(Un)?${word}`, 'i')).first();
      const box = await button.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 390, `${word} is in view`);
    }
    // A menu that covers the list must go as menus do.
    const menu = page.locator('details.menu');
    const isOpen = () => menu.evaluate((one) => one.open);
    await menu.locator('summary').click();
    await page.locator('#trigger-branch:focus').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await isOpen(), false, 'Escape closes the menu');
    await page.locator('details.menu > summary:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('#trigger-branch:focus').waitFor();
    await page.mouse.click(5, 830);
    assert.equal(await isOpen(), false, 'a press outside closes the menu');
    await page.goto('/preferences');
    const select = await page.getByRole('combobox').first().boundingBox();
    assert.ok(select.width > 150, `a choice is ${select.width} px wide`);
    await page.goto(pipeline);
    await page.locator('.job-table > summary').click();
    const head = await page.locator('.job-table th', { hasText: 'Duration' }).boundingBox();
    assert.ok(head.height < 40, `a heading is in one line: ${head.height} px`);
    await page.goto(settings);
    await page.locator('.confirm summary').first().click();
    await page.locator('.confirm button').first().click();
    await page.getByText('Variable deleted.').waitFor();
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.emulateMedia({ colorScheme: 'light' });
  });
}
