import { describe, expect, it } from 'vitest'
import { type Entry, sortBy, sorted, sortOf, sortText } from '../src/logic/rosterOrder'

const entry = (id: string, more: Partial<Entry> = {}): Entry => ({ id, name: id, second: '', about: '', more: '', ...more })
const ids = (entries: Entry[]): string[] => entries.map(one => one.id)

describe('the order of the roster', () => {
  it('counts as people count, and sorts names by their sound', () => {
    expect(ids(sorted([entry('W10'), entry('W9'), entry('W100')], sortOf('')))).toEqual(['W9', 'W10', 'W100'])
    const named = [entry('3', { name: '张三' }), entry('1', { name: '李四' }), entry('2', { name: '王五' })]
    expect(ids(sorted(named, sortOf('name')))).toEqual(['1', '2', '3'])
  })
  it('puts what is not known last, either way', () => {
    const heard = [entry('a', { rank: 5 }), entry('b', { rank: null }), entry('c', { rank: 9 })]
    expect(ids(sorted(heard, sortOf('more')))).toEqual(['a', 'c', 'b'])
    expect(ids(sorted(heard, sortOf('-more')))).toEqual(['c', 'a', 'b'])
    expect(ids(sorted([entry('a', { second: '' }), entry('b', { second: 'x' })], sortOf('second')))).toEqual(['b', 'a'])
  })
  it('is in the address, and turns round at the second click', () => {
    expect(sortText(sortBy(sortOf('about'), 'about'))).toBe('-about')
    expect(sortText(sortBy(sortOf('-about'), 'about'))).toBe('about')
    expect(sortText(sortBy(sortOf('-about'), 'more'))).toBe('more')
    expect(sortOf('nonsense')).toEqual({ column: 'name', descending: false })
  })
})
