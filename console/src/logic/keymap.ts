// Every key of the console and what it is for: the one table that pages bind and the help prints.
const LIST = {
  next: 'j ArrowDown', previous: 'k ArrowUp', first: 'Home', last: 'End', open: 'Enter', fold: 'e', unfold: 'ArrowRight',
  shut: 'ArrowLeft', view: 'v', search: '/', filters: 'f', clear: 'x',
} as const
const ALARM = {
  acknowledge: 'a', undo: 'u', take: 't', assign: 'g', close: 'c r', shelve: 's', note: 'n', tick: '1 2 3 4 5 6 7 8 9', phone: 'p', leave: 'Escape',
} as const
const PAGE = { waiting: 'w', pages: 'o', mute: 'm', heard: 'y', help: '?' } as const
/** Of pages that bind their keys themselves; printed only. */
const TRACK = { play: 'Space', step: 'ArrowLeft ArrowRight', speed: 'ArrowUp ArrowDown', alarms: 'n p', ends: 'Home End', days: 'PageUp PageDown' } as const
const ROSTER = { find: '/', add: 'n', edit: 'e', import: 'i', walk: 'j k ArrowDown ArrowUp', back: 'Escape' } as const

const BOUND = { ...LIST, ...ALARM, ...PAGE }
export type KeyName = keyof typeof BOUND
export const GROUPS = { list: LIST, alarm: ALARM, page: PAGE, track: TRACK, roster: ROSTER } as const
export type GroupName = keyof typeof GROUPS

/** Where the second key after "pages" leads. */
export const PAGE_KEYS: Record<string, string> = { q: 'queue', m: 'map', t: 'track', r: 'roster', s: 'shift' }

/** Which groups the help shows on a page: its own first. */
export function groupsOf(page: string): GroupName[] {
  if (page === 'queue') return ['list', 'alarm', 'page']
  return page === 'track' || page === 'roster' ? [page, 'page'] : ['page']
}

export const keysOf = (name: KeyName): string[] => BOUND[name].split(' ')

const SIGNS: Record<string, string> = {
  ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', PageUp: 'PgUp', PageDown: 'PgDn',
}
/** As they stand on the keyboard; a run of digits as one. */
export function written(keys: string): string[] {
  if (/^\d( \d)+$/.test(keys)) return [`${keys[0]}–${keys.at(-1)}`]
  return keys.split(' ').map(key => SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key))
}
