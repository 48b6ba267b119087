/** A picture in light and dark, by what its reader prefers. Colours are the classes c0, c1, …: c0 is ours. */
export function svgDocument(width: number, height: number, title: string, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    text(width / 2, 24, title, 'title middle'),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

/** `kind` is any of: middle, end, title, small. */
export function text(x: number, y: number, words: string, kind = ''): string {
  return `<text x="${tidy(x)}" y="${tidy(y)}" class="${kind}">${escapeText(words)}</text>`;
}

/** Bottom to top. */
export function upright(x: number, y: number, words: string): string {
  const turn = `rotate(-90 ${tidy(x)} ${tidy(y)})`;
  return `<text x="${tidy(x)}" y="${tidy(y)}" transform="${turn}" class="middle">${escapeText(words)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${tidy(x1)}" y1="${tidy(y1)}" x2="${tidy(x2)}" y2="${tidy(y2)}" class="${kind}"/>`;
}

export function box(x: number, y: number, width: number, height: number, kind: string, hint = ''): string {
  const inner = hint === '' ? '' : `<title>${escapeText(hint)}</title>`;
  return `<rect x="${tidy(x)}" y="${tidy(y)}" width="${tidy(width)}" height="${tidy(height)}" class="${kind}">${inner}</rect>`;
}

export function polyline(points: readonly (readonly [number, number])[], colour: number): string {
  const path = points.map(([x, y]) => `${tidy(x)},${tidy(y)}`).join(' ');
  const dots = points.map(
    ([x, y]) => `<circle cx="${tidy(x)}" cy="${tidy(y)}" r="4" class="fill c${colour}"/>`,
  );
  return `<polyline points="${path}" class="curve c${colour}"/>${dots.join('')}`;
}

function escapeText(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function tidy(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const LIGHT = ['#0b62c4', '#c2410c', '#15803d', '#7e22ce', '#a16207', '#be185d', '#0f766e'];
const DARK = ['#6cb2ff', '#fb923c', '#4ade80', '#c084fc', '#facc15', '#f472b6', '#2dd4bf'];
const colours = (list: readonly string[]) => list.map((colour, at) => `.c${at}{--c:${colour}}`).join('');
const STYLE = [
  'svg{--page:#fff;--ink:#1f2328;--faint:#d0d7de;font:13px system-ui,sans-serif}',
  colours(LIGHT),
  `@media(prefers-color-scheme:dark){svg{--page:#0d1117;--ink:#e6edf3;--faint:#30363d}${colours(DARK)}}`,
  '.page{fill:var(--page)}text{fill:var(--ink)}.title{font-size:15px;font-weight:600}.small{font-size:11px}',
  '.middle{text-anchor:middle}.end{text-anchor:end}.grid{stroke:var(--faint)}.axis{stroke:var(--ink)}',
  '.curve{fill:none;stroke:var(--c);stroke-width:2}.fill{fill:var(--c)}.job{fill:var(--c);stroke:var(--page)}',
].join('');
