/** The console's line icons, drawn on a 16-pixel grid. Decorative: the control beside or around them carries the name. */
const paths = {
  search: 'M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zm-1 3.5 3 3',
  down: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  up: 'm4.5 9.5 3.5-3.5 3.5 3.5',
  right: 'm6.5 4.5 3.5 3.5-3.5 3.5',
  left: 'M9.5 4.5 6 8l3.5 3.5',
  close: 'm4.5 4.5 7 7m0-7-7 7',
  link: 'M6.7 9.3a2.7 2.7 0 0 0 3.8 0l2-2a2.7 2.7 0 0 0-3.8-3.8l-.7.7M9.3 6.7a2.7 2.7 0 0 0-3.8 0l-2 2a2.7 2.7 0 0 0 3.8 3.8l.7-.7',
  copy: 'M5.5 5.5h7v8h-7zm-2 5h-1v-8h7v1',
  funnel: 'M2.5 3.5h11L9.3 8.4v4.1l-2.6-1.2V8.4z',
  download: 'M8 2.5v7m-3-3 3 3 3-3M3 13h10',
  printer: 'M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z',
  shield: 'M8 1.8 13 4v3.6c0 3.2-2.1 5.5-5 6.6-2.9-1.1-5-3.4-5-6.6V4zM5.7 8l1.7 1.7 3-3.2',
  shieldOpen: 'M8 1.8 13 4v3.6c0 3.2-2.1 5.5-5 6.6-2.9-1.1-5-3.4-5-6.6V4z',
  shieldBroken: 'M8 1.8 13 4v3.6c0 3.2-2.1 5.5-5 6.6-2.9-1.1-5-3.4-5-6.6V4zM6.2 6.2l3.6 3.6m0-3.6L6.2 9.8',
  menu: 'M2.5 4.5h11m-11 3.5h11m-11 3.5h11',
  panelClose: 'M2.5 3.5h11v9h-11zm4 0v9m5-6.5L9.8 8l1.7 2',
  panelOpen: 'M2.5 3.5h11v9h-11zm4 0v9m3-6.5L11.2 8l-1.7 2',
  bin: 'M2.5 4h11M6 4V2.5h4V4M4 4l.6 9.5h6.8L12 4M6.7 7v4m2.6-4v4',
  outward: 'M5 3h8v8M12.5 3.5 3 13',
  plus: 'M8 3v10M3 8h10',
  pencil: 'm10.5 3 2.5 2.5L6 12.5l-3.2.7.7-3.2z',
  alert: 'M13.7 8A5.7 5.7 0 1 1 2.3 8a5.7 5.7 0 0 1 11.4 0zM8 5v3.6m0 2.2v.1',
  help: 'M13.7 8A5.7 5.7 0 1 1 2.3 8a5.7 5.7 0 0 1 11.4 0zM6.4 6.4a1.65 1.65 0 1 1 2.5 1.5c-.6.4-.9.7-.9 1.3m0 1.9v.1',
  rows: 'M3 4h10M3 8h10M3 12h10',
  columns: 'M2.5 3.5h11v9h-11zm3.7 0v9m3.6-9v9',
  bookmark: 'M4.5 2.5h7v11L8 10.7l-3.5 2.8z',
  star: 'm8 2.2 1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4-2.9-2.8 4-.6z',
  not: 'M13.7 8A5.7 5.7 0 1 1 2.3 8a5.7 5.7 0 0 1 11.4 0zM4 4l8 8',
  check: 'm3.5 8.5 3 3 6-7',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, small }: { name: IconName; small?: boolean }) {
  return (
    <svg className={small ? 'icon icon-small' : 'icon'} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}

export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <rect width="20" height="20" rx="5" fill="var(--accent-solid)" />
      <path d="M5.5 6.2h9M5.5 10h9M5.5 13.8h5" stroke="#fff" strokeWidth="1.8" strokeLinecap="round" />
    </svg>
  )
}
