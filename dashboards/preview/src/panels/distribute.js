// spread gives n items, which together take a part of the room, their offsets and sizes: what is left goes between them. One item alone
// stands in the middle.
export function spread(n, part) {
  const size = part / n;
  const gap = n > 1 ? (1 - part) / (n - 1) : 0;
  const start = n > 1 ? 0 : (1 - part) / 2;
  return Array.from({ length: n }, (_, i) => ({ offset: start + i * (size + gap), size }));
}
