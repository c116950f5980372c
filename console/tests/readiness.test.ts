import { describe, expect, it } from 'vitest'
import { missingChecks, type Readiness } from '../src/logic/readiness'

const DONE: Readiness = {
  tried: { fire: 'played', urgent: 'played', high: 'played', link: 'played' }, heard: true, notifications: 'granted', awake: 'on',
}
const missing = (change: Partial<Readiness>): string[] => missingChecks({ ...DONE, ...change }).map(one => one.check)

describe('the start of a shift', () => {
  it('is done when everything is', () => {
    expect(missing({})).toEqual([])
  })
  it('names what is missing', () => {
    expect(missingChecks({ ...DONE, heard: null, tried: { ...DONE.tried, high: 'waiting', fire: 'failed' } }))
      .toEqual([{ check: 'tones', tones: ['fire', 'high'] }])
    expect(missing({ heard: null })).toEqual(['answer'])
    expect(missing({ heard: false })).toEqual(['unheard'])
    expect(missing({ notifications: 'default', awake: 'off' })).toEqual(['notifications', 'screen'])
  })
  it('asks for nothing that cannot be done here', () => {
    expect(missing({ notifications: 'denied', awake: 'unsupported' })).toEqual([])
  })
  it('needs no tones again once they were heard', () => {
    expect(missing({ tried: { fire: 'waiting', urgent: 'waiting', high: 'waiting', link: 'waiting' } })).toEqual([])
  })
})
