// What the place where alarms are kept has to say: in red what may cost an alarm, in amber what soon may.
import type { Link } from './health'

export const SLOW_MS = 1_000
export const VERY_SLOW_MS = 5_000

const PLAIN = ['journal_lost', 'steps_lost', 'head_missing', 'second_journal', 'disk_full'] as const
type Plain = typeof PLAIN[number]
export type StorageDanger =
  | { reason: 'gateway_fault', fault: string }
  | { reason: `storage_${Plain | 'damaged'}` }
  | { reason: 'storage_very_slow', seconds: number }
export type StorageWarning =
  | { reason: 'storage_low' | 'storage_very_low', percent: number }
  | { reason: 'storage_slow', seconds: number }

/** Red until somebody repairs it, which may be tomorrow: a tone that nobody at the desk can end only teaches to turn it off. */
export const waitsForRepair = (reason: string): boolean =>
  reason.startsWith('storage_') && reason !== 'storage_disk_full' && reason !== 'storage_very_slow'

const seconds = (ms: number): number => Math.round(ms / 1000)

/** Each thing once, in words of its own where there are any. */
export function storageDangers({ gateway, disk }: Pick<Link, 'gateway' | 'disk'>): StorageDanger[] {
  const codes = new Set<Plain | 'damaged'>()
  for (const { code } of gateway?.faults ?? []) codes.add(PLAIN.find(one => one === code) ?? 'damaged')
  if (disk?.level === 'full') codes.add('disk_full')
  const found: StorageDanger[] = [...codes].map(code => ({ reason: `storage_${code}` as const }))
  if (gateway?.fault && !gateway.faults?.length) found.push({ reason: 'gateway_fault', fault: gateway.fault })
  const slowest = gateway?.storage?.slowest_ms ?? 0
  if (slowest > VERY_SLOW_MS) found.push({ reason: 'storage_very_slow', seconds: seconds(slowest) })
  return found
}

export function storageWarnings({ gateway, disk }: Pick<Link, 'gateway' | 'disk'>): StorageWarning[] {
  const found: StorageWarning[] = []
  if (disk?.level === 'low' || disk?.level === 'very_low') {
    found.push({ reason: `storage_${disk.level}`, percent: Math.floor(100 * disk.free_bytes / disk.total_bytes) })
  }
  const slowest = gateway?.storage?.slowest_ms ?? 0
  if (slowest > SLOW_MS && slowest <= VERY_SLOW_MS) found.push({ reason: 'storage_slow', seconds: seconds(slowest) })
  return found
}

/** Where the words of a reason are. */
export const wordsOf = (reason: string): string =>
  reason.startsWith('storage_') ? `storage.${reason.slice('storage_'.length)}` : `danger.${reason}`
