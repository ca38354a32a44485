// Chapters on links: no page leads to an address that does not exist.
import { assert, chapter } from './visitor.mjs';

// Pages of one kind are enough: a hundred jobs have the same links.
const kindOf = (path) => path
  .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
  .replace(/\/(gh|bb)\/([^/]+)\/([^/]+)\/\d+$/, '/$1/$2/$3/N');

export async function links(page) {
  await chapter('every link of every page leads somewhere', async () => {
    const seen = new Set();
    const kinds = new Map();
    const queue = [['/', 'the start'], ['/preferences', 'the start'], ['/docs/planned', 'the start']];
    const broken = [];
    const quoted = [];
    while (queue.length) {
      const [path, from] = queue.shift();
      const kind = kindOf(path.split('?')[0]);
      if (seen.has(path) || (kinds.get(kind) ?? 0) >= 3) continue;
      seen.add(path);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const answer = await page.request.get(path, { headers: { accept: 'text/html' } });
      if (answer.status() >= 400) broken.push(`${path} (from ${from}): ${answer.status()}`);
      if (!(answer.headers()['content-type'] ?? '').includes('text/html')) continue;
      const html = await answer.text();
      // Names in our sentences are shown as code.
      const words = html.replace(/<(pre|code|script)\b[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, '');
      if (words.includes('`')) quoted.push(`${path}: ${/.{0,40}`.{0,40}/.exec(words)[0]}`);
      for (const [, href] of html.matchAll(/(?:href|action|src)="(\/[^"#]*)/g)) {
        const next = href.replaceAll('&amp;', '&');
        // Forms only take what is sent to them.
        if (html.includes(`action="${href}"`) && !html.includes(`href="${href}"`)) continue;
        if (!seen.has(next)) queue.push([next, path]);
      }
    }
    assert.deepEqual(broken, []);
    assert.deepEqual(quoted, [], 'pages without literal backticks');
    assert.ok(seen.size > 60, `${seen.size} pages were seen`);
  });
}
