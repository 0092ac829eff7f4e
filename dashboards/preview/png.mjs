// Smaller copies of screenshots: the same pixels in at most 256 colours, which is plenty for pages like these.
import { crc32, deflateSync } from 'node:zlib';

// reduce reads a PNG by a page of the browser and returns a smaller one.
export async function reduce(browser, png) {
  const page = await browser.newPage();
  const { width, height, palette, pixels } = await page.evaluate(quantize, png.toString('base64'));
  await page.close();
  return encode(width, height, palette, Buffer.from(pixels, 'base64'));
}

// quantize runs in the page: the 256 most frequent colours, of five bits a channel, stand for all others.
async function quantize(base64) {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + base64)).blob());
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const seen = new Map(); // of each coarse colour: how often, and the sums of its exact ones
  const key = (i) => ((data[i] >> 3) << 10) | ((data[i + 1] >> 3) << 5) | (data[i + 2] >> 3);
  for (let i = 0; i < data.length; i += 4) {
    const k = key(i);
    const c = seen.get(k) ?? [0, 0, 0, 0];
    c[0]++;
    for (let j = 0; j < 3; j++) {
      c[j + 1] += data[i + j];
    }
    seen.set(k, c);
  }
  const mean = ([n, ...sums]) => sums.map((s) => Math.round(s / n));
  const palette = [...seen.values()].sort((a, b) => b[0] - a[0]).slice(0, 256).map(mean);
  const nearest = new Map([...seen].map(([k, c]) => {
    const [r, g, b] = mean(c);
    const away = palette.map((p) => (p[0] - r) ** 2 + (p[1] - g) ** 2 + (p[2] - b) ** 2);
    return [k, away.indexOf(Math.min(...away))];
  }));
  let pixels = '';
  for (let i = 0; i < data.length; i += 4) {
    pixels += String.fromCharCode(nearest.get(key(i)));
  }
  return { width, height, palette, pixels: btoa(pixels) };
}

function encode(width, height, palette, pixels) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8); // eight bits, by palette
  const lines = Buffer.alloc((width + 1) * height); // each line begins with its filter: none
  for (let y = 0; y < height; y++) {
    pixels.copy(lines, y * (width + 1) + 1, y * width, (y + 1) * width);
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('PLTE', Buffer.from(palette.flat())), chunk('IDAT', deflateSync(lines, { level: 9 })), chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(name, content) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const out = Buffer.alloc(content.length + 12);
  out.writeUInt32BE(content.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), content.length + 8);
  return out;
}
