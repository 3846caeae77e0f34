/** What is drawn onto the chart beside its line: the high-water lines, the present, and where changes may be missing. */

const LABEL_HEIGHT = 18;
const HATCH_PIXELS = 9;

/** Draw on the chart's canvas, and leave its state as it was. */
function drawn(chart, draw) {
  chart.ctx.save();
  draw(chart.ctx, devicePixelRatio);
  chart.ctx.restore();
}

/** Hatch the chart from an instant on. The hatching stands still while its edge moves. */
export function drawDoubt(chart, colour, since) {
  const { bbox } = chart;
  const left = Math.max(chart.valToPos(since, "x", true), bbox.left);
  const right = bbox.left + bbox.width;
  const bottom = bbox.top + bbox.height;
  drawn(chart, (ctx, unit) => {
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.strokeStyle = colour.bad;
    ctx.globalAlpha = 0.28;
    ctx.lineWidth = 1.25 * unit;
    ctx.beginPath();
    for (let x = bbox.left - bbox.height; x < right; x += HATCH_PIXELS * unit) {
      ctx.moveTo(x, bottom);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bottom);
    ctx.stroke();
  });
}

/** The band from minimum to maximum of each minute, hour or day: a rectangle as wide as that, and at least a pixel. */
export function drawBand(chart, colour, { unit, times, lows, highs, firstDot }) {
  const { bbox } = chart;
  const right = bbox.left + bbox.width;
  drawn(chart, (ctx) => {
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour.data;
    ctx.globalAlpha = 0.6;
    for (let index = firstDot; index < times.length; index += 1) {
      const start = Math.floor(times[index] / unit) * unit;
      const begin = chart.valToPos(start, "x", true);
      const width = Math.max(chart.valToPos(start + unit, "x", true) - begin, 1);
      if (begin + width < bbox.left || begin > right) continue;
      const top = chart.valToPos(highs[index], "y", true);
      ctx.fillRect(begin, top, width, Math.max(chart.valToPos(lows[index], "y", true) - top, 1));
    }
  });
}

/** The place of each high-water line in the canvas's pixels; lines off the scale are at the top. */
function placed(chart, lines) {
  const unit = devicePixelRatio;
  let above = chart.bbox.top + 22 * unit;
  const found = [...lines].reverse().map((line) => {
    const y = line.off ? above : chart.valToPos(line.value, "y", true);
    if (line.off) above += (LABEL_HEIGHT + 6) * unit;
    return { ...line, y, labelY: y - 5 * unit };
  });
  const [upper, lower] = found;
  if (lower && lower.y - upper.y < LABEL_HEIGHT * unit && !lower.off) lower.labelY = lower.y + 14 * unit;
  return found;
}

export function drawLines(chart, colour, lines) {
  const { bbox } = chart;
  drawn(chart, (ctx, unit) => {
    ctx.lineWidth = 1.75 * unit;
    for (const { role, y, off } of placed(chart, lines)) {
      ctx.strokeStyle = role === "bucket" ? colour.high : colour.ink;
      ctx.setLineDash((role === "bucket" ? [8, 5] : [2, 4]).map((length) => length * unit));
      ctx.globalAlpha = off ? 0.7 : 1;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
  });
}

/** A ring at the end of the line. */
export function drawPresent(chart, colour) {
  const [times, sizes] = chart.data;
  if (times.length === 0) return;
  drawn(chart, (ctx, unit) => {
    ctx.beginPath();
    ctx.arc(chart.valToPos(times.at(-1), "x", true), chart.valToPos(sizes.at(-1), "y", true), 4.5 * unit, 0, 2 * Math.PI);
    ctx.fillStyle = colour.paper;
    ctx.strokeStyle = colour.data;
    ctx.lineWidth = 2.5 * unit;
    ctx.fill();
    ctx.stroke();
  });
}

export function drawLabels(chart, colour, lines) {
  const { bbox } = chart;
  drawn(chart, (ctx, unit) => {
    ctx.font = `500 ${12 * unit}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.lineJoin = "round";
    ctx.lineWidth = 4 * unit;
    ctx.strokeStyle = colour.paper;
    for (const { role, label, short, labelY } of placed(chart, lines)) {
      ctx.fillStyle = role === "bucket" ? colour.high : colour.ink;
      const text = ctx.measureText(label).width <= bbox.width - 8 * unit ? label : short;
      ctx.strokeText(text, bbox.left + 4 * unit, labelY);
      ctx.fillText(text, bbox.left + 4 * unit, labelY);
    }
  });
}
