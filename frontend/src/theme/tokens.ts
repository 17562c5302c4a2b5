/** The console's colours, one name in two themes. Both Ant Design's theme and the console's own CSS are made from these. */
export interface Palette {
  layout: string
  bg: string
  elev: string
  fill: string
  hover: string
  line: string
  ctl: string
  text: string
  text2: string
  text3: string
  accent: string
  accentSolid: string
  accentHover: string
  accentBg: string
  onAccent: string
  bar: string
  barOn: string
  mark: string
  del: string
  delBg: string
  delLine: string
  out: string
  outBg: string
  outLine: string
  new: string
  newBg: string
  newLine: string
  shadow: string
  mask: string
}

export const light: Palette = {
  layout: '#f5f6f8',
  bg: '#ffffff',
  elev: '#ffffff',
  fill: '#eceff3',
  hover: '#f3f5f8',
  line: '#e2e5ea',
  ctl: '#838c9c',
  text: '#1a2130',
  text2: '#465062',
  text3: '#5c6676',
  accent: '#2354d1',
  accentSolid: '#2354d1',
  accentHover: '#1b45b4',
  accentBg: '#eaf0fe',
  onAccent: '#ffffff',
  bar: '#8592a6',
  barOn: '#2354d1',
  mark: '#fde9a9',
  del: '#b3261e',
  delBg: '#fcedec',
  delLine: '#f1c7c3',
  out: '#854800',
  outBg: '#fdf3e2',
  outLine: '#eed4a6',
  new: '#1a6638',
  newBg: '#eaf6ee',
  newLine: '#bcdfc8',
  shadow: '0 8px 24px rgba(20,28,45,.14), 0 1px 3px rgba(20,28,45,.10)',
  mask: 'rgba(20,26,38,.42)',
}

export const dark: Palette = {
  layout: '#0d1015',
  bg: '#14181f',
  elev: '#1b2029',
  fill: '#262d38',
  hover: '#1a2029',
  line: '#2a313c',
  ctl: '#727d8d',
  text: '#e7eaf0',
  text2: '#b6becb',
  text3: '#98a2b2',
  accent: '#8fb0ff',
  accentSolid: '#3a66db',
  accentHover: '#3059c6',
  accentBg: '#1a2645',
  onAccent: '#ffffff',
  bar: '#667287',
  barOn: '#8fb0ff',
  mark: '#5a4a12',
  del: '#ff9d94',
  delBg: '#34191a',
  delLine: '#5e2c2c',
  out: '#f0bb6c',
  outBg: '#30250f',
  outLine: '#574420',
  new: '#80d09b',
  newBg: '#12281b',
  newLine: '#25503a',
  shadow: '0 12px 32px rgba(0,0,0,.55), 0 0 0 1px #2a313c',
  mask: 'rgba(4,6,10,.62)',
}

export const fontFamily =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "Helvetica Neue", Arial, sans-serif'

export const monoFamily =
  'ui-monospace, "SF Mono", Consolas, "Cascadia Mono", "Liberation Mono", "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace'

/** `accentBg` → `--accent-bg` */
function variableName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function declarations(palette: Palette): string {
  return Object.entries(palette)
    .map(([key, value]) => `${variableName(key)}:${value};`)
    .join('')
}

/** The style sheet that gives every token to CSS; the system's setting chooses the theme, without a flash. */
export function tokenSheet(): string {
  return [
    `:root{${declarations(light)}--font:${fontFamily};--mono:${monoFamily};color-scheme:light}`,
    `@media (prefers-color-scheme:dark){:root{${declarations(dark)}color-scheme:dark}}`,
  ].join('\n')
}
