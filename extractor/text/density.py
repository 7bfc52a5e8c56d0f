class Density:
    def __init__(self, structure, sums, shapes): self.sums, self.on = sums, bool(shapes)
    def until(self, offset): return self.sums.until(offset) * 0.9 * self.on
