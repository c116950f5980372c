"""What a page sends to the loudspeaker, heard beside it: the samples, their pitch, and when they begin."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from console_house import until
from numpy.typing import NDArray

Samples = NDArray[np.float64]

# Whatever is connected to a context's destination is also connected to a recorder.
RECORDER = """
(() => {
  const connect = AudioNode.prototype.connect
  let kept = []
  window.earRate = 0
  AudioNode.prototype.connect = function (to, ...more) {
    if (to === this.context.destination && !this.isEar) {
      const ear = this.context.createScriptProcessor(2048, 1, 1)
      ear.isEar = true
      window.earRate = this.context.sampleRate
      ear.onaudioprocess = event => kept.push(Float32Array.from(event.inputBuffer.getChannelData(0)))
      connect.call(this, ear)
      connect.call(ear, this.context.destination)
      window.ear = ear
    }
    return connect.call(this, to, ...more)
  }
  window.earSeconds = () => kept.reduce((sum, one) => sum + one.length, 0) / (window.earRate || 1)
  window.earPeak = () => kept.reduce((most, one) => one.reduce((peak, x) => Math.max(peak, Math.abs(x)), most), 0)
  window.earForget = () => { kept = [] }
  window.earTake = () => {
    const all = new Int16Array(kept.reduce((sum, one) => sum + one.length, 0))
    let at = 0
    for (const one of kept) for (const value of one) all[at++] = Math.round(value * 32767)
    kept = []
    const bytes = new Uint8Array(all.buffer)
    let text = ''
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768))
    return btoa(text)
  }
})()
"""
LOUD = 0.02
PAUSE_S = 0.5  # a longer silence parts two sounds


class Ear:
    """At one page that has begun its shift."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def forget(self) -> None:
        self.page.evaluate("earForget()")

    def hear(self, seconds: float) -> Samples:
        """The next seconds, by the clock of the sound itself."""
        self.forget()
        until(lambda: self.page.evaluate("earSeconds()") >= seconds, "so much sound or silence")
        return self.take()

    def wait_for_sound(self) -> None:
        self.forget()
        until(lambda: self.page.evaluate("earPeak()") > LOUD, "a sound")

    def take(self) -> Samples:
        raw = base64.b64decode(self.page.evaluate("earTake()"))
        return np.frombuffer(raw, dtype="<i2").astype(np.float64) / 32767

    @property
    def rate_hz(self) -> float:
        return float(self.page.evaluate("earRate"))

    def pitch_hz(self, heard: Samples) -> float:
        """The strongest."""
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        return float(np.fft.rfftfreq(len(heard), 1 / self.rate_hz)[int(spectrum.argmax())])

    def onsets_s(self, heard: Samples) -> list[float]:
        """When sounds begin that stand after a pause."""
        loud = np.flatnonzero(np.abs(heard) > LOUD) / self.rate_hz
        starts = loud[1:][np.diff(loud) > PAUSE_S]
        return [float(one) for one in starts]


def peak(heard: Samples) -> float:
    return float(np.abs(heard).max(initial=0.0))
