// What the page carries: bytes packed by gzip, as letters.

"use strict";

function letters(id) {
  return Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (letter) =>
    letter.charCodeAt(0));
}

async function unpacked(id) {
  const packed = new Blob([letters(id)]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
