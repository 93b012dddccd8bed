import GlissadePlanning

/// Goes through a plan as a device would, and notes what each word of the arenas holds.
struct MemoryWalk {
  /// A value in an arena, from the launch that begins it to the last that reads it.
  struct Life {
    var slice: Slice
    var first: Int
    var last: Int
  }

  private(set) var lives: [Life] = []
  /// What a launch did that it must not do.
  private(set) var mistakes: [String] = []

  init(_ plan: Plan) {
    // For each unit of 16 words, which life it holds.
    var holder = [Int](repeating: -1, count: plan.activationsSize / Slice.alignment)
    let starts = plan.activationSizes.indices.map { plan.activationSizes[..<$0].reduce(0, +) }
    func isInArena(_ slice: Slice) -> Bool { if case .activations = slice.buffer { true } else { false } }
    // Arenas one behind another.
    func units(_ slice: Slice) -> Range<Int> {
      guard case .activations(let arena) = slice.buffer else { return 0..<0 }
      let offset = starts[arena] + slice.offset
      return offset / Slice.alignment..<(offset + slice.count + Slice.alignment - 1) / Slice.alignment
    }
    for (index, launch) in plan.launches.enumerated() {
      let name = "launch \(index), \(launch.note.operation)"
      let reads = launch.reads.filter(isInArena)
      let writes = launch.writes.filter(isInArena)
      for slice in reads where !writes.contains(slice) || lives.contains(where: { $0.slice == slice }) {
        let found = Set(units(slice).map { holder[$0] })
        guard found.count == 1, let life = found.first, life >= 0, lives[life].slice == slice else {
          if !writes.contains(slice) { mistakes.append("\(name), reads \(slice), which no longer holds what was written, or never did") }
          continue
        }
        lives[life].last = index
      }
      for slice in writes {
        for other in reads + writes
        where other != slice && other.buffer == slice.buffer && other.offset < slice.offset + slice.count
          && slice.offset < other.offset + other.count
        {
          mistakes.append("\(name), writes \(slice), which shares memory with its operand \(other)")
        }
        // A launch that updates goes on with the life that is there.
        let current = holder[units(slice).lowerBound]
        if reads.contains(slice), current >= 0, lives[current].slice == slice {
          lives[current].last = index
          continue
        }
        for unit in units(slice) { holder[unit] = lives.count }
        lives.append(Life(slice: slice, first: index, last: index))
      }
    }
    for output in plan.outputs.values where isInArena(output.slice) {
      let life = holder[units(output.slice).lowerBound]
      if life >= 0, lives[life].slice == output.slice {
        lives[life].last = plan.launches.count
      } else {
        mistakes.append("an output is not there at the end")
      }
    }
  }

  /// Pairs of values that live at the same time and share memory, the slack behind each included.
  var collisions: [String] {
    var result: [String] = []
    for (index, a) in lives.enumerated() {
      for b in lives[(index + 1)...] where a.slice.buffer == b.slice.buffer && a.first <= b.last && b.first <= a.last {
        let isApart =
          a.slice.offset + Slice.room(a.slice.count) <= b.slice.offset || b.slice.offset + Slice.room(b.slice.count) <= a.slice.offset
        if !isApart { result.append("\(a) and \(b)") }
      }
    }
    return result
  }
}
