// Draws dashboards: node build.mjs FRAMES OUT [DOCS]. FRAMES has a file per dashboard (made by `go run ./dashboards/preview`), OUT gets a
// screenshot per dashboard and theme; DOCS, where given, the light ones, smaller. Ends with 1 when a panel has a problem.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';

import { reduce } from './png.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const [frames, out, docs] = process.argv.slice(2).map((p) => resolve(p));
const width = 1600;
const origin = 'http://preview.invalid'; // nobody's: every request is answered here
const fonts = { 'Inter-Regular.woff2': '400-normal', 'Inter-Medium.woff2': '500-normal', 'Inter-Italic.woff2': '400-italic', 'Inter-MediumItalic.woff2': '500-italic' }; // which Grafana's server has, and its packages have not
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const largest = 400_000; // bytes of an image in docs

mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(here, 'src/page.jsx')], outfile: join(out, 'page.js'), bundle: true, minify: true, jsx: 'automatic', logLevel: 'error',
  define: { global: 'window', 'process.env.NODE_ENV': '"production"' },
  loader: { '.svg': 'text', '.ttf': 'dataurl', '.woff2': 'dataurl', '.woff': 'dataurl', '.png': 'dataurl' },
  alias: { 'react-custom-scrollbars-2': join(here, 'src/scrollbars.mjs') },
});

const style = `html, body { margin: 0 } .preview-row { font-size: 18px; font-weight: 500; display: flex; align-items: center }
.preview-empty, .preview-error { display: flex; height: 100%; align-items: center; justify-content: center; text-align: center; font-size: 18px; opacity: .65 }
.preview-error { color: red } .preview-body { overflow: hidden } *, *::before, *::after { transition: none !important; animation: none !important }`;

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--lang=en-US'],
});
const problems = [];
try {
  await seesFaults();
  for (const file of readdirSync(frames).filter((f) => f.endsWith('.json')).sort()) {
    const data = JSON.parse(readFileSync(join(frames, file), 'utf8'));
    for (const theme of ['light', 'dark']) {
      problems.push(...(await draw(data, theme)).map((p) => `${data.dashboard.uid} (${theme}), ${p}`));
    }
  }
} finally {
  await browser.close();
}
const once = [...new Set(problems.map((p) => p.replace(/ \((light|dark)\),/, ':')))];
for (const p of once) {
  console.error(p);
}
process.exitCode = once.length > 0 ? 1 : 0;

// seesFaults draws a page of faults, and fails when one of them is not found: a check that finds nothing may look at nothing.
async function seesFaults() {
  const data = JSON.parse(readFileSync(join(here, 'testdata/faults.json'), 'utf8'));
  const found = await draw(data, 'light');
  const missed = data.expected.filter((e) => {
    const [panel, text] = e.split(/: (.*)/);
    return !found.some((f) => f.startsWith(panel + ': ') && f.includes(text));
  });
  const wrong = found.filter((f) => f.startsWith('good: '));
  if (missed.length + wrong.length > 0) {
    throw new Error(`the checks do not see: ${missed.join('; ')}${wrong.length ? '; and see what is not there: ' + wrong.join('; ') : ''}\nthey saw:\n${found.join('\n')}`);
  }
}

async function draw(data, theme) {
  const found = [];
  const page = await browser.newPage();
  page.on('console', (m) => {
    if (m.type() === 'error') {
      found.push(`the console says: ${m.text().slice(0, 400)}`);
    }
  });
  page.on('pageerror', (e) => found.push(`the page failed: ${e.message}`));
  await page.setRequestInterception(true);
  page.on('request', (r) => serve(r, found));
  await page.setViewport({ width, height: heightOf(data.dashboard) }); // all of it: tables below the window are not drawn
  const name = `${data.dashboard.uid}-${theme}`;
  const html = join(out, `${name}.html`);
  const text = JSON.stringify({ ...data, theme }).replaceAll('<', '\\u003c');
  writeFileSync(html, `<!doctype html><meta charset="utf-8"><title>${name}</title><link rel="stylesheet" href="page.css"><style>${style}</style>
<body><div id="root"></div><script>window.preview = ${text}; window.__grafana_public_path__ = ''; window.grafanaBootData = { settings: {}, user: {}, navTree: [] }</script><script src="page.js"></script>`);
  await page.goto(`${origin}/${name}.html`);
  try {
    await page.waitForFunction('window.inspected || window.failed', { timeout: 60_000 });
  } catch {
    found.push('the page did not come to an end');
  }
  const { inspected, failed } = await page.evaluate(() => ({ inspected: window.inspected, failed: window.failed }));
  if (failed) {
    found.push(`the page failed: ${failed}`);
  }
  const empty = new Set(data.may_be_empty ?? []);
  found.push(...(inspected ?? []).filter((p) => !(p.endsWith(': EMPTY') && empty.has(p.slice(0, -': EMPTY'.length)))).map((p) => p.replace(/EMPTY$/, 'it has no data, which is not expected')));
  // not fullPage: that changes the window's size for a moment, and tables draw themselves anew
  await page.screenshot({ path: join(out, `${name}.png`), captureBeyondViewport: false });
  if (!data.expected) {
    console.log(join(out, `${name}.png`));
  }
  if (docs && theme === 'light' && !data.expected) {
    await shrink(join(docs, `dashboard-${data.dashboard.uid.replace(/^tributary-/, '')}.png`), join(out, `${name}.png`));
  }
  await page.close();
  return found;
}

// heightOf is the page's, head and all.
function heightOf(dashboard) {
  const rows = Math.max(...dashboard.panels.map((p) => p.gridPos.y + p.gridPos.h));
  return rows * 38 + 130;
}

// serve answers what the page asks for from the folder of the page and from Grafana's icons; nothing leaves this machine.
function serve(request, found) {
  const { origin: from, pathname } = new URL(request.url());
  if (from !== origin) {
    return request.url().startsWith('data:') || request.url().startsWith('blob:') ? request.continue() : (found.push(`the page asks for ${request.url()}`), request.abort());
  }
  const icon = pathname.split('/img/')[1];
  const weight = fonts[basename(pathname)];
  const path = icon ? join(here, 'node_modules/@grafana/ui/dist/public/img', icon) :
    weight ? join(here, `node_modules/@fontsource/inter/files/inter-latin-${weight}.woff2`) : join(out, basename(pathname));
  if (!existsSync(path)) {
    if (pathname !== '/favicon.ico') {
      found.push(`the page asks for ${pathname}, which is not there`);
    }
    return request.respond({ status: 204 });
  }
  return request.respond({ status: 200, contentType: types[extname(path)] ?? 'application/octet-stream', body: readFileSync(path) });
}

// shrink writes a smaller copy for the documentation.
async function shrink(target, source) {
  mkdirSync(dirname(target), { recursive: true });
  const bytes = await reduce(browser, readFileSync(source));
  if (bytes.length > largest) {
    throw new Error(`${basename(target)} has ${bytes.length} bytes, more than ${largest}`);
  }
  writeFileSync(target, bytes);
  console.log(target);
}
