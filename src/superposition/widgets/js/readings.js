// What a board says: the numbers in the middle, the readings, and one sentence about both.
// A state holds integers, `per` to the unit: of each lamp its arrow (m numbers) and its column of
// W Wᵀ (n numbers, what each of the n features reads when this lamp alone is on).
const asSum = (rows, x, length, per) => {
  const sum = new Float64Array(length);
  x.forEach((value, lamp) => {
    if (value) for (let k = 0; k < length; k++) sum[k] += (value * rows[lamp][k]) / per;
  });
  return sum;
};
const middleOf = (state, x, per) => asSum(state.arrows, x, state.m, per); // h = x W
const overlapsOf = (state, x, n, per) => asSum(state.columns, x, n, per); // h Wᵀ

// What comes before the cut. Some states have a bias for each feature and look twice: what the
// first reading y = relu(h Wᵀ + b) leaves unexplained of h is read, too, and a share of it added.
const answersOf = (state, x, n, per) => {
  const overlaps = overlapsOf(state, x, n, per);
  if (!state.look) return overlaps;
  const { biases, scale, cut } = state.look;
  const y = overlaps.map((overlap, i) => Math.max(0, overlap + biases[i]));
  const explained = overlapsOf(state, y, n, per); // (y W) Wᵀ: here each feature has a lamp
  return y.map((reading, i) => reading + scale * (overlaps[i] - explained[i]) - cut);
};
const readingOf = (overlap, cut) => Math.max(0, overlap - cut); // relu(h Wᵀ + b), b = −cut

const twoDigits = (value) => value.toFixed(2).replace("-", "−");
const isHeard = (reading) => reading >= 0.005; // what would be written as 0.00 is silent
const listed = (words) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

// "0.31", "0.62 and 0.19" or "0.05 to 0.40": no more numbers than a listener can bear.
function readingsInWords(values) {
  const said = values.map(twoDigits);
  if (new Set(said).size === 1) return said[0];
  if (said.length <= 3) return listed(said);
  return `${twoDigits(Math.min(...values))} to ${twoDigits(Math.max(...values))}`;
}

// `on` are the features whose lamps are on, `readings` all n, `name(i)` what a feature is called.
function boardSentence(on, readings, name) {
  if (!on.length) return "Nothing is on, and nothing is heard. Press a lamp.";
  const others = readings.map((_, i) => i).filter((i) => isHeard(readings[i]) && !on.includes(i));
  const who = on.length <= 3 ? listed(on.map(name)) : `${on.length} lamps`;
  const subject = on.length === 1 ? "It" : on.length === 2 ? "Both" : "All";
  const s = on.length === 1 ? "s" : "";
  const own = on.map((i) => readings[i]), same = new Set(own.map(twoDigits)).size === 1;
  const read = same ? `${subject} read${s}` : "They read";
  const dark = `${subject} stay${s} dark.`;
  const answer = own.some(isHeard) ? `${read} ${readingsInWords(own)}.` : dark;
  const begin = `${who[0].toUpperCase()}${who.slice(1)} ${s ? "is" : "are"} on. ${answer}`;
  if (!others.length) return `${begin} Nothing else is heard.`;
  const loudest = others.reduce((a, b) => (readings[b] > readings[a] ? b : a));
  const most = twoDigits(readings[loudest]), off = "which nobody switched on";
  if (readings[loudest] > Math.max(...own) + 0.005)
    return `${begin} Loudest is ${name(loudest)}, ${off}: ${most}.`;
  if (others.length === 1) return `${begin} ${name(loudest)}, ${off}, reads ${most}.`;
  if (others.length > 3)
    return `${begin} ${others.length} others, ${off}, are heard; `
      + `loudest ${name(loudest)}: ${most}.`;
  const theirs = readingsInWords(others.map((i) => readings[i]));
  return `${begin} ${listed(others.map(name))}, ${off}, read ${theirs}.`;
}
