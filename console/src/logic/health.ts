// Whether this console can be trusted to show and sound every alarm; if not, why.
export interface Link {
  /** When the stream last spoke. */
  heardMs: number
  /** This computer's clock minus the server's, when it last spoke. */
  clockOffsetMs: number
  gateway: { connected?: boolean, fault?: string | null } | null
  gatewayAgeMs: number | null
}

export const SILENT_MS = 10_000
export const CLOCK_MS = 5_000
export const GATEWAY_OLD_MS = 10_000

export type Danger =
  | { reason: 'stream_silent', seconds: number }
  | { reason: 'clock_off', seconds: number }
  | { reason: 'gateway_missing' }
  | { reason: 'gateway_old', seconds: number }
  | { reason: 'gateway_disconnected' }
  | { reason: 'gateway_fault', fault: string }
  | { reason: 'audio_locked' }

const seconds = (ms: number): number => Math.round(ms / 1000)

/** Of the link; while the stream is silent nothing else is known. */
export function linkDangers(link: Link, nowMs: number): Danger[] {
  const silentMs = nowMs - link.heardMs
  if (silentMs > SILENT_MS) return [{ reason: 'stream_silent', seconds: seconds(silentMs) }]
  const dangers: Danger[] = []
  if (Math.abs(link.clockOffsetMs) > CLOCK_MS) dangers.push({ reason: 'clock_off', seconds: seconds(link.clockOffsetMs) })
  if (!link.gateway || link.gatewayAgeMs === null) dangers.push({ reason: 'gateway_missing' })
  else {
    if (link.gatewayAgeMs > GATEWAY_OLD_MS) dangers.push({ reason: 'gateway_old', seconds: seconds(link.gatewayAgeMs) })
    else if (link.gateway.connected === false) dangers.push({ reason: 'gateway_disconnected' })
    if (link.gateway.fault) dangers.push({ reason: 'gateway_fault', fault: link.gateway.fault })
  }
  return dangers
}
