/* What can be pressed and has no name, and text that is hard to see: { nameless, faint }, both empty on a good page. */
(() => {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const linear = (one) => (one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = parts(getComputedStyle(at).backgroundColor);
      if (found[3] !== 0) return found;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const [one, other] = [light(parts(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    return (one + 0.05) / (other + 0.05);
  };
  const seen = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
  const speaks = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const named = (element) => element.textContent.trim() || element.getAttribute("aria-label") || element.labels?.length;
  return {
    nameless: seen("button, a, input, select, section, main").filter((element) => !named(element)).map((element) => element.outerHTML),
    faint: seen("body *").filter((element) => !element.closest(":disabled, .box") && speaks(element) && contrast(element) < 4.5)
      .map((element) => [contrast(element), element.className, element.textContent.slice(0, 20)]),
  };
})()
