// Chapters on workflows: the graph, the list of jobs, approvals.
import { accessible, assert, chapter, fits, push, shownIsNamed } from './visitor.mjs';
import * as configs from './configs.mjs';

export async function workflows(page) {
  await chapter('the sign of a running job turns in its place', async () => {
    await push('bb', 'count', 'Turn for a while', configs.talkative);
    await page.goto('/bb/acme/count');
    await page.getByRole('link', { name: 'Turn for a while' }).click();
    await page.locator('.node.n-running').waitFor({ timeout: 60_000 });
    const [x, y] = await page.locator('.node rect').evaluate((rect) => {
      const box = rect.getBoundingClientRect();
      return [box.left + 22, box.top + 22];
    });
    for (let looks = 0; looks < 5; looks += 1) {
      const box = await page.locator('.node.n-running use').boundingBox();
      const off = Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
      assert.ok(off < 6, `${off} px away from its place`);
      await page.waitForTimeout(130);
    }
  });

  await chapter('sixty jobs can be read as a list, wide and narrow', async () => {
    await push('bb', 'count', 'Test everything', configs.wide);
    await page.goto('/bb/acme/count');
    await page.getByRole('link', { name: 'Test everything' }).click();
    await shownIsNamed(page, 'a graph');
    await page.locator('.job-table > summary').click();
    const last = page.locator('.job-table tbody tr').last();
    await last.locator('.needs summary', { hasText: '60 jobs' }).waitFor({ timeout: 60_000 });
    for (const viewport of [{ width: 1600, height: 900 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(viewport);
      const box = await page.locator('.job-table tbody tr').nth(20).boundingBox();
      assert.ok(box.height < 90, `a row is ${box.height} px high at ${viewport.width}`);
      const table = await page.locator('.job-table table').boundingBox();
      assert.ok(table.height < 5_500, `${table.height} px at ${viewport.width}`);
      await fits(page, `sixty jobs at ${viewport.width}`);
    }
    await last.locator('.needs summary').click();
    await last.getByText('unit-10-debian-12-with-a-long-name').first().waitFor();
    await page.setViewportSize({ width: 1280, height: 860 });
    await accessible(page, 'sixty jobs as a list');
  });
}
