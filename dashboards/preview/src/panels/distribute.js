// spread gives n items, which together take a part of the room, their offsets and sizes: the room between them is shared out evenly, half of
// a gap stands at each end.
export function spread(n, part) {
  const size = part / n;
  const gap = (1 - part) / n;
  return Array.from({ length: n }, (_, i) => ({ offset: gap / 2 + i * (size + gap), size }));
}
