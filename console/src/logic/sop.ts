// The checklist of a kind. A ticked step is a comment that begins with the step's mark, so that the
// timeline says who did it and when, and every console sees it ticked.
import { isFire } from './alarm'

const STEPS: Record<string, readonly string[]> = {
  fire: ['call_site', 'evacuate', 'call_119', 'check_residents', 'tell_family'],
  sos: ['call_resident', 'call_site', 'call_120', 'tell_family'],
  fall: ['call_resident', 'call_site', 'do_not_move', 'call_120', 'tell_family'],
  wander: ['call_site', 'send_carer', 'tell_family', 'search_nearby', 'call_110'],
  no_motion: ['call_resident', 'call_site', 'send_carer', 'call_120'],
  building: ['call_site', 'check_on_site', 'order_repair'],
  unreadable: ['call_site', 'check_on_site', 'check_device'],
  device: ['call_site', 'check_device', 'order_repair'],
}
const OF_KIND: Record<string, string> = {
  sos: 'sos', fall: 'fall', no_motion: 'no_motion', unreadable: 'unreadable',
  fence_left: 'wander', fence_entered: 'wander', strap_off: 'wander', position_lost: 'wander',
  electrical: 'building', water_flow: 'building', water_pressure_low: 'building', water_leak: 'building',
  site_contact_lost: 'building',
}
const MARK = /^\[sop:([a-z0-9_]+)\]\s*/

export function stepsOf(kind: string): readonly string[] {
  return STEPS[isFire(kind) ? 'fire' : (OF_KIND[kind] ?? 'device')]!
}

export const tickText = (step: string, words: string): string => `[sop:${step}] ${words}`

/** The step a comment ticked, null for any other comment. */
export const tickedStep = (text: string | null): string | null => MARK.exec(text ?? '')?.[1] ?? null

export const withoutMark = (text: string): string => text.replace(MARK, '')
