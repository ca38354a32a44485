// The story of a visitor, from the first page to a green pipeline and beyond.
import { accessible, assert, browser, chapter, complaints, fits, picture, push, signIn, visitor } from './visitor.mjs';
import * as configs from './configs.mjs';
import { copying } from './copying.mjs';
import { addWithKeyboard, freshServer, landing, email, phone } from './first-days.mjs';
import { links } from './links.mjs';
import { logs } from './logs.mjs';
import { narrow } from './narrow.mjs';
import { workflows } from './workflows.mjs';

const page = await visitor();

// A page that was not loaded again still has this.
const mark = () => page.evaluate(() => { window.stayed = true; });
const stayed = () => page.evaluate(() => window.stayed === true);
const pipelineShows = (word) => page.locator('.pipeline-status strong', { hasText: word }).waitFor({ timeout: 60_000 });

await freshServer();

await landing(page);

await chapter('signing in at GitHub leads to an empty dashboard that says what to do', async () => {
  await signIn(page, 'GitHub', 'visitor');
  await page.getByText('No projects yet').waitFor();
  await accessible(page, 'empty dashboard');
  await page.getByRole('main').getByRole('link', { name: 'Add project' }).click();
});

await chapter('the other forge is connected to the same account', async () => {
  await signIn(page, 'Bitbucket', 'visitor');
  await page.waitForURL('**/add');
  assert.equal(await page.getByRole('button', { name: /^Connect/ }).count(), 0);
  await page.getByRole('button', { name: 'Set up project acme/greet' }).waitFor();
  await page.getByRole('button', { name: 'Set up project acme/count' }).waitFor();
  await page.getByRole('searchbox').first().fill('no such thing');
  await page.getByText('No repository name matches.').first().waitFor();
  await page.getByRole('searchbox').first().fill('GREE');
  await accessible(page, 'add projects');
});

await chapter('one click sets a project up, step by step, live', async () => {
  await page.getByRole('button', { name: 'Set up project acme/greet' }).click();
  await page.waitForURL('**/gh/acme/greet/setup');
  await mark();
  await page.getByRole('heading', { name: 'Ready' }).waitFor({ timeout: 60_000 });
  assert.ok(await stayed(), 'the page followed the setup by itself');
  assert.equal(await page.locator('.setup-step.is-failed').count(), 0);
  await accessible(page, 'setup');
  await picture(page, 'setup-light');
  await page.getByRole('link', { name: 'Watch the first pipeline' }).click();
});

await chapter('the pipeline moves on its page without a reload', async () => {
  await mark();
  await page.locator('.node', { hasText: 'build' }).waitFor();
  await page.locator('.node.n-hold', { hasText: 'approve' }).waitFor({ timeout: 60_000 });
  assert.ok(await stayed());
  await accessible(page, 'pipeline on hold');
  await picture(page, 'pipeline-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible(page, 'pipeline, dark');
  await picture(page, 'pipeline-dark');
  await page.emulateMedia({ colorScheme: 'light' });
});

await chapter('an approval lets the rest run, to green', async () => {
  await page.getByRole('button', { name: 'Approve approve' }).click();
  await pipelineShows('Passed');
  assert.match(await page.locator('#outcomes').textContent(), / passed\.$/, 'screen readers say it');
  assert.equal(await page.getByText('Approved.', { exact: true }).count(), 0, 'what was said about the press is over');
  const favicon = await page.locator('#favicon').getAttribute('href');
  assert.match(favicon, /favicon-ok/);
});

await chapter('the graph can be walked with the keyboard, to a job and its parallel runs', async () => {
  await page.locator('.graph-frame').focus();
  for (let tries = 0; tries < 8; tries += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? '');
    if (at.startsWith('test ')) break;
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'test' }).waitFor();
  await page.getByRole('navigation', { name: 'Parallelism' }).getByRole('link').nth(1).click();
  await page.waitForURL('**task=1');
  await page.locator('summary', { hasText: 'Tests' }).click();
  await page.locator('.log-lines', { hasText: 'task 1 of 2' }).waitFor();
  await accessible(page, 'job with parallel runs');
});

await chapter('a push to Bitbucket appears on the dashboard by itself', async () => {
  await page.goto('/add');
  await page.getByRole('button', { name: 'Set up project acme/count' }).click();
  await page.waitForURL('**/bb/acme/count/setup');
  await page.getByRole('heading', { name: 'Ready' }).waitFor({ timeout: 60_000 });
  await page.goto('/');
  await mark();
  await page.locator('#lamp', { hasText: 'Live' }).waitFor();
  await push('bb', 'count', 'Talk for a while', configs.talkative);
  await page.locator('.pipeline', { hasText: 'Talk for a while' }).waitFor();
  assert.ok(await stayed());
});

await chapter('a running log grows under the eyes of the reader, to its end', async () => {
  await page.getByRole('link', { name: 'Talk for a while' }).click();
  await page.locator('.node', { hasText: 'talk' }).click();
  await page.getByRole('heading', { level: 1, name: 'talk' }).waitFor();
  await mark();
  const lines = page.locator('.log-lines li', { hasText: /word \d+/ });
  await lines.first().waitFor();
  const before = await lines.count();
  await page.locator('.log-lines li', { hasText: 'word 40' }).waitFor({ timeout: 60_000 });
  assert.ok(before < 40, `the reader came before the end: ${before} lines`);
  const all = await lines.allInnerTexts();
  assert.deepEqual(all.map((text) => Number(/word (\d+)/.exec(text)[1])), [...Array(40).keys()].map((n) => n + 1));
  await page.locator('.job-head strong', { hasText: 'Passed' }).waitFor();
  // What is being read stays open when it has ended.
  assert.ok(await page.locator('.log-lines li', { hasText: 'word 40' }).isVisible());
  assert.ok(await stayed());
});

await chapter('a failure is open at the line that matters, and harmless', async () => {
  await push('gh', 'greet', 'Try a heavier door', configs.failing);
  await page.goto('/gh/acme/greet');
  await page.getByRole('link', { name: 'Try a heavier door' }).click();
  await pipelineShows('Failed');
  await page.locator('.node', { hasText: 'break' }).click();
  await page.locator('.step[open] .step-name', { hasText: 'Test' }).waitFor();
  await page.locator('.step[open] .chip.bad', { hasText: 'exit 3' }).waitFor();
  await page.locator('.log-lines', { hasText: '<script>window.hacked' }).waitFor();
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await page.locator('.log-tools').first().waitFor();
  await accessible(page, 'failed job');
  // The log has scrolled into view; the Tab key begins at the top all the same.
  await page.setViewportSize({ width: 1280, height: 500 });
  await page.reload();
  await page.locator('.log-tools').first().waitFor();
  await page.waitForFunction(() => scrollY > 0);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  // The link is shown while it has the focus, above the name of the product.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('j');
  assert.ok(await page.evaluate(() => document.activeElement.matches('.step[open] > summary')), 'the walk begins at the step that failed');
  await page.evaluate(() => document.activeElement.blur());
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.evaluate(() => scrollTo(0, 0));
  await picture(page, 'job-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible(page, 'failed job, dark');
  await picture(page, 'job-dark');
  await page.emulateMedia({ colorScheme: 'light' });
});

await chapter('the log can be searched and pointed at', async () => {
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await page.keyboard.type('HINGE 2');
  await page.getByText('1 of 11').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('2 of 11').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('.no[data-n="5"]').click();
  await page.locator('.no[data-n="9"]').click({ modifiers: ['Shift'] });
  assert.match(page.url(), /#step-\d+-L5-L9$/);
  await page.reload();
  await page.locator('.log-lines li.aimed').nth(4).waitFor();
  assert.equal(await page.locator('.log-lines li.aimed').count(), 5);
  await page.getByRole('button', { name: 'Timestamps' }).click();
  assert.match(await page.locator('.log-lines .at').first().innerText(), /^\d\d:\d\d:\d\d\.\d{3}$/);
});

await chapter('a long log shows any of its lines and keeps few in the page', async () => {
  await push('bb', 'count', 'Write a lot', configs.long);
  await page.goto('/bb/acme/count');
  await page.getByRole('link', { name: 'Write a lot' }).click();
  await pipelineShows('Passed');
  await page.locator('.node', { hasText: 'write' }).click();
  await page.locator('summary', { hasText: 'Write a lot' }).click();
  await page.locator('.log-lines li', { hasText: 'row 5 of' }).waitFor();
  await page.getByRole('button', { name: 'End' }).click();
  await page.locator('.log-lines li', { hasText: 'row 30000 of' }).waitFor();
  await page.getByRole('searchbox').fill('row 12345 ');
  await page.locator('.log-lines li.hit.now', { hasText: 'row 12345 of' }).waitFor();
  const rows = await page.locator('.log-lines li').count();
  assert.ok(rows < 200, `${rows} rows are in the page`);
  await accessible(page, 'long log');
  const step = await page.locator('details.step[open]').getAttribute('id');
  const address = new URL(`#${step}-L20000`, page.url()).href;
  await page.goto('about:blank');
  await page.goto(address);
  await page.locator('.log-lines li.aimed', { hasText: 'row 20000 of' }).waitFor();
});

await logs(page);

await workflows(page);

await chapter('a mistake in the configuration is underlined where it is', async () => {
  await push('gh', 'greet', 'Install a newer one', configs.wrong);
  await page.goto('/gh/acme/greet');
  await page.getByRole('link', { name: 'Install a newer one' }).click();
  await pipelineShows('Config error');
  await page.locator('.diagnostic mark', { hasText: 'verison' }).first().waitFor();
  await accessible(page, 'config error');
  await picture(page, 'config-error-light');
  await page.getByRole('link', { name: /config\.yml:\d+/ }).first().click();
  await page.locator('.src-line.aimed', { hasText: 'verison' }).waitFor();
  const heights = await page.locator('.src-line').evaluateAll((all) => all.map((one) => one.offsetHeight));
  assert.ok(Math.min(...heights) > 10, `an empty line is as high as others: ${heights}`);
  await accessible(page, 'configuration');
});

await chapter('every other page is in order, wide and narrow, light and dark', async () => {
  await page.goto('/gh/acme/greet/deliveries');
  await page.locator('.receipts .subject').first().click();
  await page.getByRole('heading', { name: 'Received' }).waitFor();
  const receipt = new URL(page.url()).pathname;
  const pages = {
    dashboard: '/', projects: '/projects', add: '/add', runners: '/runners',
    preferences: '/preferences', planned: '/docs/planned', diagnostics: '/docs/diagnostics',
    project: '/gh/acme/greet', settings: '/gh/acme/greet/settings', setup: '/gh/acme/greet/setup',
    deliveries: '/gh/acme/greet/deliveries', receipt, job: '/gh/acme/greet/1',
  };
  for (const [name, path] of Object.entries(pages)) {
    for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 390]]) {
      await page.setViewportSize({ width, height: 860 });
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(path);
      await page.locator('main h1').first().waitFor({ state: 'attached' });
      await accessible(page, `${name}, ${scheme}, ${width}`);
      await fits(page, `${name} at ${width}`);
      const wanted = ['dashboard', 'settings', 'project'].includes(name);
      if (wanted) await picture(page, `${name}-${width < 500 ? 'phone' : scheme}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.emulateMedia({ colorScheme: 'light' });
});

await phone(page);

await narrow(page);

await addWithKeyboard(page, 'gh', 'GitHub');
await addWithKeyboard(page, 'bb', 'Bitbucket');

await email(page);

await links(page);

await chapter('badges are pictures that a browser can draw', async () => {
  await page.goto('/gh/acme/greet/settings');
  const sizes = await page.locator('.badge-previews img').evaluateAll((all) => all.map((one) => one.naturalWidth));
  assert.equal(sizes.length, 2);
  assert.ok(sizes.every((width) => width > 60), `${sizes}`);
});

await copying(page);

await chapter('choices about emails are kept, and a project can be unfollowed there', async () => {
  await page.goto('/gh/acme/greet/settings');
  await page.getByRole('link', { name: /^Preferences of/ }).click();
  await page.getByRole('radio', { name: 'Everything except passed' }).check();
  await page.getByRole('combobox', { name: 'Email about acme/greet' }).selectOption({ label: 'Nothing' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Preferences saved.').waitFor();
  assert.ok(!page.url().includes('done='), 'a reload does not say it again');
  await page.reload();
  assert.ok(await page.getByRole('radio', { name: 'Everything except passed' }).isChecked());
  assert.equal(await page.getByRole('combobox', { name: 'Email about acme/greet' }).inputValue(), 'nothing');
});

await chapter('a variable is deleted only after a question, and some names are refused', async () => {
  page.expected.push(/422/);
  await page.goto('/gh/acme/greet/settings');
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('CIRCLE_BRANCH');
  await page.getByLabel('Value').fill('secret');
  await page.getByRole('button', { name: 'Set variable' }).click();
  await page.getByText('is a built-in variable of every job').waitFor();
  assert.equal(await name.inputValue(), 'CIRCLE_BRANCH');
  assert.equal(await page.getByLabel('Value').inputValue(), '');
  assert.ok(await name.evaluate((field) => field === document.activeElement), 'the field has the focus');
  await accessible(page, 'a refused form');
  await name.fill('NPM_TOKEN');
  await page.getByLabel('Value').fill('secret');
  await page.getByRole('button', { name: 'Set variable' }).click();
  const row = page.locator('tr', { hasText: 'NPM_TOKEN' });
  const columns = () => row.locator('td').evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().left)));
  const before = await columns();
  await row.locator('summary').click();
  await row.getByText('cannot be recovered').waitFor();
  assert.deepEqual(await columns(), before, 'the columns stay where they are');
  await accessible(page, 'a question before deleting');
  await row.getByRole('button', { name: 'Delete NPM_TOKEN' }).click();
  await page.getByText('Variable deleted.').waitFor();
  assert.equal(await page.locator('tr', { hasText: 'NPM_TOKEN' }).count(), 0);
});

await chapter('the receipt of a push is there', async () => {
  await page.goto('/gh/acme/greet/deliveries');
  await page.locator('.receipts', { hasText: 'Pipeline created' }).waitFor();
});

await chapter('without script the pages are complete', async () => {
  const state = await page.context().storageState();
  const plain = await visitor({ javaScriptEnabled: false, storageState: state });
  await plain.goto('/');
  await plain.getByRole('link', { name: 'Try a heavier door' }).click();
  await plain.locator('.node', { hasText: 'break' }).click();
  await plain.locator('.log-lines', { hasText: 'AssertionError' }).waitFor();
  await plain.context().close();
});

await chapter('a connection that falls silent is taken up again, and the page says so, on a phone as well', async () => {
  const state = await page.context().storageState();
  const other = await visitor({ storageState: state, viewport: { width: 390, height: 844 } });
  await other.clock.install();
  await other.goto('/gh/acme/greet');
  await other.locator('#lamp', { hasText: 'Live' }).waitFor({ state: 'attached' });
  // As behind a proxy that accepts and passes nothing on.
  await other.route('**/events*', () => {});
  await other.clock.fastForward(50_000);
  await other.locator('#lamp', { hasText: 'Reconnecting' }).waitFor();
  await other.unrouteAll({ behavior: 'ignoreErrors' });
  await other.clock.fastForward(50_000);
  await other.locator('#lamp', { hasText: 'Live' }).waitFor({ state: 'attached' });
  await other.context().close();
});

await chapter('a page whose session has ended says so, and leads back after signing in', async () => {
  const state = await page.context().storageState();
  const other = await visitor({ storageState: state });
  other.expected.push(/401/, /MIME/);
  await other.goto('/gh/acme/greet');
  await other.locator('#lamp', { hasText: 'Live' }).waitFor();
  await other.context().clearCookies();
  // As after a restart of the server: the stream is taken up again.
  await other.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await other.locator('live-region').evaluate((region) => region.refresh());
  await other.locator('#lamp', { hasText: 'Signed out.' }).waitFor();
  await accessible(other, 'signed out');
  await other.getByRole('link', { name: 'Sign in again' }).click();
  await other.getByRole('button', { name: 'Sign in with GitHub' }).click();
  // The provider remembers the consent.
  await other.locator('button[name=login][value=visitor]').click();
  await other.waitForURL('**/gh/acme/greet');
  await other.context().close();
});

await chapter('another user sees nothing of it', async () => {
  const address = new URL(page.url()).pathname;
  const other = await visitor();
  other.expected.push(/404/);
  await other.goto('/login');
  await signIn(other, 'GitHub', 'stranger');
  for (const path of [address, '/gh/acme/greet', '/gh/acme/greet/1', '/gh/acme/greet/settings']) {
    const answer = await other.goto(path);
    assert.equal(answer.status(), 404, path);
    assert.ok(await other.getByRole('link', { name: 'Projects' }).isVisible(), 'the navigation stays');
  }
  await other.context().close();
});

await browser.close();
assert.deepEqual(complaints, [], 'pages complained in the console');
console.log('The visitor is content.');
process.exit(0);
