// Whether this console can be trusted to show and sound every alarm; if not, why.
import type { ClockJump, Disk, Gateway } from '../stream/messages'
import { type StorageDanger, storageDangers } from './storage'

export interface Link {
  /** How long the stream has said nothing. */
  silentMs: number
  /** How long the connection is known to be broken; null: it is not. */
  lostMs: number | null
  /** This computer's clock minus the server's: of the last pulses the one that is least off. */
  clockOffsetMs: number
  /** How long this page has known less than the server tells. */
  behindMs: number
  gateway: Omit<Gateway, 'at_ms'> & { at_ms?: number, clock_jump?: ClockJump | null } | null
  gatewayAgeMs: number | null
  /** How many of the service's own test messages in a row did not come through; null: it sends none. */
  canaryMissed: number | null
  disk?: Disk
}

export const SILENT_MS = 10_000
export const LOST_MS = 3_000 // a restart of the service is shorter
export const CLOCK_MS = 5_000
export const BEHIND_MS = 10_000
export const GATEWAY_OLD_MS = 10_000
export const FULL_SHARE = 0.5
export const CANARY_MISSED = 3
export const JUMP_SHOWN_MS = 600_000 // long enough to be read, and by the next shift it is in the log

export type Danger =
  | { reason: 'stream_silent', seconds: number }
  | { reason: 'stream_behind', seconds: number }
  | { reason: 'clock_off', seconds: number }
  | { reason: 'gateway_missing' }
  | { reason: 'gateway_old', seconds: number }
  | { reason: 'gateway_disconnected' }
  | { reason: 'gateway_behind', share: number }
  | { reason: 'gateway_fault', fault: string }
  | { reason: 'canary_missed', times: number }
  | { reason: 'clock_set', seconds: number }
  | { reason: 'host_slept', seconds: number }
  | StorageDanger
  | { reason: 'audio_locked' }
  | { reason: 'audio_blocked' }
  | { reason: 'audio_unheard' }

const seconds = (ms: number): number => Math.round(ms / 1000)

/** Of the link; while the stream is silent nothing else is known. */
export function linkDangers(link: Link): Danger[] {
  if (link.silentMs >= SILENT_MS || (link.lostMs ?? 0) >= LOST_MS) return [{ reason: 'stream_silent', seconds: seconds(link.silentMs) }]
  const dangers: Danger[] = []
  if (link.behindMs >= BEHIND_MS) dangers.push({ reason: 'stream_behind', seconds: seconds(link.behindMs) })
  if (Math.abs(link.clockOffsetMs) > CLOCK_MS) dangers.push({ reason: 'clock_off', seconds: seconds(link.clockOffsetMs) })
  const causes = gatewayDangers(link)
  // The canary tells that the road is cut; whoever knows where says more.
  if (!causes.length && (link.canaryMissed ?? 0) >= CANARY_MISSED) causes.push({ reason: 'canary_missed', times: link.canaryMissed ?? 0 })
  return [...dangers, ...causes, ...jumpDangers(link), ...storageDangers(link)]
}

function jumpDangers({ gateway }: Link): Danger[] {
  const jump = gateway?.clock_jump
  if (!jump || (gateway.at_ms ?? 0) - jump.at_ms > JUMP_SHOWN_MS) return []
  return [{ reason: jump.why === 'slept' ? 'host_slept' : 'clock_set', seconds: seconds(jump.by_ms) }]
}

function gatewayDangers({ gateway, gatewayAgeMs }: Link): Danger[] {
  if (!gateway || gatewayAgeMs === null) return [{ reason: 'gateway_missing' }]
  const dangers: Danger[] = []
  if (gatewayAgeMs > GATEWAY_OLD_MS) dangers.push({ reason: 'gateway_old', seconds: seconds(gatewayAgeMs) })
  else if (gateway.connected === false) dangers.push({ reason: 'gateway_disconnected' })
  const share = (gateway.queue ?? 0) / (gateway.queue_limit ?? Infinity)
  if (share > FULL_SHARE) dangers.push({ reason: 'gateway_behind', share: Math.round(share * 100) })
  return dangers
}
