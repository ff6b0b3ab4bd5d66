// How loud it is, and how loud it shall be.

"use strict";

const SILENT_DB = -60;

function showLevel(sound) {
  const meter = document.getElementById("meter");
  const volume = document.getElementById("volume");
  const value = document.getElementById("volume-value");
  sound.listeners.level = (peak) => {
    const decibels = Math.max(20 * Math.log10(peak || 1e-9), SILENT_DB);
    meter.firstElementChild.style.width = `${Math.min(100 * (1 - decibels / SILENT_DB), 100)}%`;
    meter.classList.toggle("is-over", decibels > -0.1);
    meter.setAttribute("aria-valuenow", Math.min(decibels, 0).toFixed(0));
    meter.setAttribute("aria-valuetext", decibels > SILENT_DB ? `${decibels.toFixed(0)} dB` : "silent");
  };
  const turn = () => {
    sound.setVolume(Number(volume.value));
    value.textContent = `${volume.value} dB`;
  };
  volume.addEventListener("input", turn);
  turn();
}
