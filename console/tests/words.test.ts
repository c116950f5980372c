/// <reference types="vite/client" />
// Every word a page asks for is there: key parity of the languages cannot see a key that neither has.
import { describe, expect, it } from 'vitest'
import zh from '../src/i18n/zh-CN'

const sources = import.meta.glob<string>('../src/**/*.{ts,vue}', { query: '?raw', import: 'default', eager: true })
const has = (key: string): boolean => key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], zh) !== undefined

describe('words', () => {
  it('has those that the pages name', () => {
    const named = Object.entries(sources).flatMap(([file, text]) =>
      [...text.matchAll(/(?<![\w.])\$?t\('([a-z_]+(?:\.\w+)+)'/g)].map(match => ({ file, key: match[1]! })))
    expect(named.length).toBeGreaterThan(100)
    expect(named.filter(({ key }) => !has(key))).toEqual([])
  })
})
