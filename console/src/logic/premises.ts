// Who and what is in a building where it burns, in the order in which a fire brigade asks: who cannot walk
// first, then the nearest to the fire. Read from words that people wrote, so what says nothing is unknown.
import { type Alarm, isFire } from './alarm'

export interface Detector {
  device_id: string
  kind: string
  zone: string | null
  last_contact_ms: number | null
  bat: number | null
}
export interface Inmate {
  resident_id: string
  name?: string | null
  room?: string | null
  care_level?: string | null
  risk_notes?: string | null
}
export const DETECTOR_STATES = ['alarming', 'silent', 'unheard', 'low_battery', 'heard'] as const
export type DetectorState = (typeof DETECTOR_STATES)[number]
/** `carry`: cannot walk; `help`: walks with help or guidance; `walks`: nothing says otherwise. */
export const MOBILITIES = ['carry', 'help', 'walks'] as const
export type Mobility = (typeof MOBILITIES)[number]
/** Seen from the fire. */
export type Nearness = 'here' | 'floor' | 'above' | 'elsewhere'

export interface Place {
  zone: string
  building: string
  floor: number | null
}

const NUMERALS = '〇一二三四五六七八九'
const LIMP_BAT = 15
const NOT_NEEDED = /(无需|不需要?|不用|未用)(坐)?(轮椅|搀扶|拐杖|助行器)/g
const CARRY = /卧床|轮椅|瘫|偏瘫|截肢|昏迷|(不能|无法|不会)(自行|独立|自己)?(行走|走路|走动|站立|下床|起床)|(?<!半)失能|全护理|特护|bed-?ridden|wheelchair|paraly|amput|non-?ambulatory|(cannot|can't|unable to) (walk|stand)/i
const HELP = /半失能|半护理|失智|痴呆|认知|步态|(行动|行走|走路|腿脚)(不便|不稳|困难|缓慢)|助行|拐|搀|跌倒|骨折|视力|失明|听力|耳聋|吸氧|dementia|confus|unsteady|walker|crutch|frail|fall|blind|deaf|oxygen/i

/** "十二" and "12". */
function numeral(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  const [tens, ones] = text.includes('十') ? text.split('十') : ['', text]
  const digit = (one: string | undefined): number => Math.max(0, NUMERALS.indexOf(one || '〇'))
  return (text.includes('十') ? (digit(tens) || 1) * 10 : 0) + digit(ones)
}

/** Where a zone or a room is: "2F", "3层东侧", "2号楼三楼", "B1", "2号楼 305". */
export function placeOf(text: string | null | undefined): Place {
  const zone = (text ?? '').trim()
  const building = /([0-9A-Za-z一二三四五六七八九十东西南北]+)\s*(?:号楼|栋|座|幢)/.exec(zone)?.[1] ?? ''
  const rest = building ? zone.replace(/[0-9A-Za-z一二三四五六七八九十东西南北]+\s*(?:号楼|栋|座|幢)/, ' ') : zone
  const below = /(?:\bB|负|地下)\s*([0-9一二三四五六七八九]+)/i.exec(rest)
  if (below) return { zone, building, floor: -numeral(below[1]!) }
  const named = /([0-9]{1,2}|[一二三四五六七八九十]{1,3})\s*(?:F(?![A-Za-z])|层|楼)/i.exec(rest)
  const room = /(?<!\d)([1-9]\d?)\d{2}(?!\d)/.exec(rest)
  const floor = named?.[1] ?? room?.[1]
  return { zone, building, floor: floor === undefined ? null : numeral(floor) }
}

export function mobilityOf(one: Inmate): Mobility {
  const said = `${one.care_level ?? ''} ${one.risk_notes ?? ''}`.replace(NOT_NEEDED, '')
  return CARRY.test(said) ? 'carry' : HELP.test(said) ? 'help' : 'walks'
}

/** How far, in floors as smoke goes: up is nearer than down. What is not known is far, but not last. */
function distance(at: Place, fire: Place): number {
  if (at.zone && at.zone === fire.zone) return 0
  if (at.building && fire.building && at.building !== fire.building) return 100
  if (at.floor === null || fire.floor === null) return 50
  const up = at.floor - fire.floor
  return up === 0 ? 1 : up > 0 ? 1 + up : 1.5 - up
}

/** From the nearest of several fires; no fire has a place: nobody is nearer than anybody. */
export const nearest = (at: Place, fires: readonly Place[]): number => (fires.length ? Math.min(...fires.map(fire => distance(at, fire))) : 50)

export function nearness(metric: number): Nearness {
  return metric === 0 ? 'here' : metric === 1 ? 'floor' : metric === 2 ? 'above' : 'elsewhere'
}

const isBurning = (alarm: Alarm): boolean =>
  (isFire(alarm.kind) || alarm.kind === 'water_flow') && alarm.state.startsWith('active')

export interface DetectorLine extends Detector {
  state: DetectorState
  /** What it raised, the first one first. */
  kinds: string[]
  raisedMs: number
  nearness: Nearness
}
export interface InmateLine extends Inmate {
  mobility: Mobility
  nearness: Nearness
}

function stateOf(device: Detector, kinds: readonly string[], open: readonly Alarm[]): DetectorState {
  if (kinds.length) return 'alarming'
  if (open.some(alarm => alarm.kind === 'contact_lost')) return 'silent'
  if (device.last_contact_ms === null) return 'unheard'
  const low = open.some(alarm => alarm.kind === 'low_battery') || (device.bat !== null && device.bat < LIMP_BAT)
  return low ? 'low_battery' : 'heard'
}

/** Where it burns: the zones of the detectors of a site that say so now, and of the alarm that is looked at. */
export function firesOf(alarm: Alarm, devices: readonly Detector[], open: readonly Alarm[]): Place[] {
  const burning = new Set(open.filter(one => one.site_id === alarm.site_id && isBurning(one)).map(one => one.device_id))
  burning.add(alarm.device_id)
  return devices.filter(device => burning.has(device.device_id)).map(device => placeOf(device.zone)).filter(place => place.zone)
}

/** The detectors of a site: what alarms now, in the order it began; what cannot say so; the nearest of the rest. */
export function detectorLines(devices: readonly Detector[], fires: readonly Place[], open: readonly Alarm[]): DetectorLine[] {
  const ofDevice = new Map<string, Alarm[]>()
  for (const alarm of open) if (alarm.device_id) ofDevice.set(alarm.device_id, [...(ofDevice.get(alarm.device_id) ?? []), alarm])
  const lines = devices.filter(device => device.kind !== 'wristband').map(device => {
    const own = ofDevice.get(device.device_id) ?? []
    const burning = own.filter(isBurning).sort((a, b) => a.raised_at_ms - b.raised_at_ms)
    const far = nearest(placeOf(device.zone), fires)
    const line: DetectorLine = {
      ...device, state: stateOf(device, burning.map(one => one.kind), own), kinds: [...new Set(burning.map(one => one.kind))],
      raisedMs: burning[0]?.raised_at_ms ?? 0, nearness: nearness(far),
    }
    return { line, far }
  })
  const rank = (line: DetectorLine): number => DETECTOR_STATES.indexOf(line.state)
  return lines.sort((a, b) => rank(a.line) - rank(b.line) || a.line.raisedMs - b.line.raisedMs || a.far - b.far
    || a.line.device_id.localeCompare(b.line.device_id)).map(({ line }) => line)
}

/** The people of a site: who cannot walk first, of those the nearest, then by room. */
export function inmateLines(residents: readonly Inmate[], fires: readonly Place[]): InmateLine[] {
  const lines = residents.map(one => {
    const far = nearest(placeOf(one.room), fires)
    return { far, line: { ...one, mobility: mobilityOf(one), nearness: nearness(far) } as InmateLine }
  })
  const rank = (line: InmateLine): number => MOBILITIES.indexOf(line.mobility)
  return lines.sort((a, b) => rank(a.line) - rank(b.line) || a.far - b.far
    || (a.line.room ?? '').localeCompare(b.line.room ?? '', 'zh-CN', { numeric: true })
    || a.line.resident_id.localeCompare(b.line.resident_id)).map(({ line }) => line)
}
