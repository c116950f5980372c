// The way of sound to the loudspeaker. A tone is a looped buffer: once begun it goes on by itself on the
// audio thread, grows louder there, and needs no timer of a page that the browser may have slowed down.
import { ref, watch } from 'vue'
import { audibleS, clampVolume, loudness, samples, type Tone } from '../logic/tones'

const KEY = 'shouwang.volume'
const WAKE_MS = 600
const LOOK_MS = 40
const AUDIBLE = 0.01
const FADE_S = 0.02

interface Playing { tone: Tone, source: AudioBufferSourceNode, gain: GainNode, sinceS: number }

let context: AudioContext | null = null
let meter: AnalyserNode | null = null
let playing: Playing | null = null
let lastS = -1
const buffers = new Map<Tone, AudioBuffer>()

/** `blocked`: it ran, and the browser or the computer took it away. */
export const audio = ref<'off' | 'running' | 'blocked'>('off')
export const volume = ref(clampVolume(Number(localStorage.getItem(KEY) ?? 1)))

/** Whether sound can be made now; without a click or key on this page most browsers refuse. */
export async function unlock(): Promise<boolean> {
  try {
    context ??= make()
    await Promise.race([context.resume(), new Promise(resolve => setTimeout(resolve, WAKE_MS))])
  } catch {
    audio.value = 'off' // no sound device, or none that may be used
    return false
  }
  if (context.state === 'running') audio.value = 'running'
  return context.state === 'running'
}

function make(): AudioContext {
  const made = new AudioContext()
  meter = made.createAnalyser()
  meter.connect(made.destination)
  made.addEventListener('statechange', () => {
    if (audio.value !== 'off') audio.value = made.state === 'running' ? 'running' : 'blocked'
  })
  return made
}

/** Look whether the sound still runs; called about every second. */
export function checkAudio(): void {
  if (!context || audio.value === 'off') return
  const moves = context.currentTime !== lastS
  lastS = context.currentTime
  audio.value = context.state === 'running' && moves ? 'running' : 'blocked'
  if (context.state !== 'running') void context.resume().catch(() => undefined)
}

function bufferOf(tone: Tone): AudioBuffer {
  let buffer = buffers.get(tone)
  if (!buffer) {
    const one = samples(tone, context!.sampleRate)
    buffer = context!.createBuffer(1, one.length, context!.sampleRate)
    buffer.copyToChannel(one, 0)
    buffers.set(tone, buffer)
  }
  return buffer
}

function begin(tone: Tone, loop: boolean): Playing {
  const source = context!.createBufferSource()
  source.buffer = bufferOf(tone)
  source.loop = loop
  const gain = context!.createGain()
  source.connect(gain).connect(meter!)
  source.start()
  return { tone, source, gain, sinceS: context!.currentTime }
}

function setLoudness({ gain, sinceS }: Playing): void {
  gain.gain.cancelScheduledValues(0)
  for (const step of loudness(volume.value)) {
    const atS = sinceS + step.atS
    if (atS <= context!.currentTime) gain.gain.setValueAtTime(step.gain, context!.currentTime)
    else gain.gain.setValueAtTime(step.gain, atS)
  }
}

function stop(one: Playing): void {
  const now = context!.currentTime
  one.gain.gain.cancelScheduledValues(0)
  one.gain.gain.setTargetAtTime(0, now, FADE_S / 4)
  one.source.stop(now + FADE_S)
}

/** Sound this, again and again, until told otherwise; null is silence. */
export function sound(tone: Tone | null): void {
  if (!context || (playing?.tone ?? null) === tone) return
  if (playing) stop(playing)
  playing = tone && begin(tone, true)
  if (playing) setLoudness(playing)
}

/** Begin the tone anew, as quiet as at first: something new was raised. */
export function soundAnew(): void {
  const tone = playing?.tone ?? null
  sound(null)
  sound(tone)
}

/** Once, at the chosen volume; whether it came out of our side of the loudspeaker. */
export async function tryOut(tone: Tone): Promise<boolean> {
  if (!context || !meter || context.state !== 'running') return false
  const one = begin(tone, false)
  one.gain.gain.setValueAtTime(volume.value, context.currentTime)
  const untilMs = performance.now() + audibleS(tone) * 1000 + 250
  const heard = new Float32Array(meter.fftSize)
  let peak = 0
  while (performance.now() < untilMs) {
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    meter.getFloatTimeDomainData(heard)
    peak = heard.reduce((most, value) => Math.max(most, Math.abs(value)), peak)
  }
  stop(one)
  return peak > AUDIBLE
}

watch(volume, chosen => {
  volume.value = clampVolume(chosen)
  localStorage.setItem(KEY, String(volume.value))
  if (playing) setLoudness(playing)
})
