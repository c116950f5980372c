// The order of the roster's lists: by any of their columns, as a person would sort names and numbers. Pure.
export type Column = 'name' | 'second' | 'about' | 'more'
/** `rank`: what the last column is sorted by where its words are no order: a time, a length. */
export interface Entry { id: string, name: string, second: string, about: string, more: string, rank?: number | null }
export interface Sort { column: Column, descending: boolean }

const COLUMNS: readonly Column[] = ['name', 'second', 'about', 'more']
const names = new Intl.Collator('zh-CN', { numeric: true })

/** `about`, or `-about` from the end; of the address, so it may be anything. */
export function sortOf(text: string): Sort {
  const column = COLUMNS.find(name => name === text.replace('-', ''))
  return column ? { column, descending: text.startsWith('-') } : { column: 'name', descending: false }
}

export const sortText = ({ column, descending }: Sort): string => `${descending ? '-' : ''}${column}`

/** The same column again turns it round. */
export const sortBy = (now: Sort, column: Column): Sort =>
  ({ column, descending: now.column === column && !now.descending })

/** What is not known comes last, either way. */
export function sorted<E extends Entry>(entries: readonly E[], { column, descending }: Sort): E[] {
  const way = descending ? -1 : 1
  const byRank = column === 'more' && entries.some(one => one.rank !== undefined)
  const isNone = (one: E): boolean => (byRank ? one.rank === undefined || one.rank === null : !one[column])
  return [...entries].sort((a, b) =>
    Number(isNone(a)) - Number(isNone(b))
    || way * (byRank ? (a.rank ?? 0) - (b.rank ?? 0) : names.compare(a[column], b[column]))
    || names.compare(a.id, b.id))
}
