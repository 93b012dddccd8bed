/// Einstein's summation convention, as NumPy's `einsum`: `einsum("bij,bjk->bik", a, b)` is a batched matrix product.
///
/// Each operand's axes are named by letters; what is not named behind the arrow is summed over. `...` stands for any axes, which
/// broadcast, and an axis of extent 1 stretches. Without an arrow the result has the letters that occur once, in alphabetical order.
/// A letter that stands twice in one operand takes its diagonal: `einsum("ii->i", a)`, and `einsum("ii", a)` is the trace.
/// Operands are taken together from left to right, two by two: by a matrix product where they share what is summed, otherwise by
/// multiplying.
/// - Returns: an invalid tensor, with the reason as the graph's error, where letters and axes do not fit.
public func einsum(_ equation: String, _ operands: Tensor...) -> Tensor { einsum(equation, operands) }

/// The same of an array.
public func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
  guard let first = operands.first else { return Graph().reject("einsum", [], because: "it needs an operand") }
  do throws(ShapeError) {
    let summation = try Summation(equation, operands.map(\.shape))
    return try summation.result(of: operands)
  } catch {
    return first.graph.reject("einsum", operands, because: error.problem)
  }
}

/// An equation of `einsum`, taken apart.
private struct Summation {
  /// A tensor whose axes have names.
  struct Named {
    var tensor: Tensor
    var labels: [Character]

    func extent(_ label: Character) -> Int { labels.firstIndex(of: label).map { tensor.shape[$0] } ?? 1 }

    /// Summed over axes.
    func summed(over unwanted: [Character]) -> Named {
      guard !unwanted.isEmpty else { return self }
      let axes = labels.indices.filter { unwanted.contains(labels[$0]) }
      return Named(tensor: tensor.sum(axes: axes), labels: labels.filter { !unwanted.contains($0) })
    }

    /// Without axes of extent 1.
    func dropping(_ unwanted: [Character]) -> Named {
      guard !unwanted.isEmpty else { return self }
      let left = labels.filter { !unwanted.contains($0) }
      return Named(tensor: tensor.reshaped(to: Shape(left.map(extent))), labels: left)
    }

    /// With one axis for each letter: where one stands several times, the places where all of its axes agree.
    func diagonals() throws(ShapeError) -> Named {
      guard let second = labels.indices.first(where: { labels[..<$0].contains(labels[$0]) }),
        let first = labels.firstIndex(of: labels[second])
      else { return self }
      let (extent, other) = (tensor.shape[first], tensor.shape[second])
      guard extent == other else {
        throw ShapeError(problem: "the axis \(labels[second]) stands twice in one operand, and is \(extent) long and \(other)")
      }
      let rest = labels.indices.filter { $0 != first && $0 != second }
      let outer = rest.map { tensor.shape[$0] }
      // Of n·n places, each (n + 1)th.
      let diagonal = tensor.transposed(rest + [first, second]).reshaped(to: Shape(outer + [extent * extent]))
        .sliced(axis: -1, from: 0, by: extent + 1)
      return try Named(tensor: diagonal, labels: rest.map { labels[$0] } + [labels[second]]).diagonals()
    }

    /// The axes in another order.
    func ordered(_ order: [Character]) -> Tensor {
      order == labels ? tensor : tensor.transposed(order.compactMap { labels.firstIndex(of: $0) })
    }
  }

  private var inputs: [[Character]] = []
  private var output: [Character] = []

  init(_ equation: String, _ shapes: [Shape]) throws(ShapeError) {
    let text = equation.filter { $0 != " " }
    var sides = [Substring]()
    if let arrow = text.firstRange(of: "->") {
      sides = [text[..<arrow.lowerBound], text[arrow.upperBound...]]
    } else {
      sides = [text[...]]
    }
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == shapes.count else {
      throw ShapeError(problem: "the equation \(printed(equation)) has \(terms.count) operands, and there are \(shapes.count)")
    }
    var widest = 0
    for (term, shape) in zip(terms, shapes) {
      let (labels, dots) = try Self.labels(String(term), equation, rank: shape.rank)
      widest = max(widest, dots)
      inputs.append(labels)
    }
    guard sides.count == 2 else {
      let dots = Self.dots(widest)
      let all = inputs.flatMap(\.self)
      output = dots + Set(all).filter { label in !dots.contains(label) && all.count { $0 == label } == 1 }.sorted()
      return
    }
    let right = String(sides[1])
    let hasDots = right.contains("...")
    output = try Self.labels(right, equation, rank: right.count - (hasDots ? 3 : 0) + (hasDots ? widest : 0)).labels
    if let twice = output.first(where: { label in output.count { $0 == label } > 1 }) {
      throw ShapeError(problem: "\(twice) stands twice behind the arrow of \(printed(equation)), and a result has each axis once")
    }
    for label in output where !inputs.contains(where: { $0.contains(label) }) {
      throw ShapeError(problem: "no operand of \(printed(equation)) has the axis \(label) of the result")
    }
  }

  /// Names of the axes that `...` stands for, counted from the last, as broadcasting does.
  private static func dots(_ count: Int) -> [Character] {
    (0..<count).reversed().compactMap { Unicode.Scalar(0xE000 + UInt32($0)).map { Character($0) } }
  }

  /// A term's axes, and how many of them `...` stands for.
  private static func labels(_ term: String, _ equation: String, rank: Int) throws(ShapeError) -> (labels: [Character], dots: Int) {
    var letters: [Character] = []
    var place: Int?
    var rest = term[...]
    while let next = rest.first {
      if rest.hasPrefix("..."), place == nil {
        place = letters.count
        rest = rest.dropFirst(3)
        continue
      }
      guard next.isASCII, next.isLetter else {
        throw ShapeError(problem: "\(printed(equation)) may hold letters, commas, one ... for each operand and one ->")
      }
      letters.append(next)
      rest = rest.dropFirst()
    }
    guard place == nil ? letters.count == rank : letters.count <= rank else {
      throw ShapeError(problem: "\(printed(term)) names \(letters.count) axes, and its tensor has \(rank)")
    }
    guard let place else { return (letters, 0) }
    let dots = dots(rank - letters.count)
    return (Array(letters[..<place]) + dots + Array(letters[place...]), dots.count)
  }

  func result(of operands: [Tensor]) throws(ShapeError) -> Tensor {
    var named: [Named] = []
    for (labels, operand) in zip(inputs, operands) { named.append(try Named(tensor: operand, labels: labels).diagonals()) }
    var extents: [Character: Int] = [:]
    for operand in named {
      for (label, extent) in zip(operand.labels, operand.tensor.shape.dimensions) where extent != 1 {
        guard let known = extents[label], known != extent else {
          extents[label] = extent
          continue
        }
        throw ShapeError(
          problem: "the axis \(label.isASCII ? String(label) : "...") is \(known) long in one operand and \(extent) in another")
      }
    }
    var total = named[0]
    for next in named.indices.dropFirst() {
      let wanted = Set(output + inputs[(next + 1)...].flatMap(\.self))
      total = Self.product(total, named[next], wanted)
    }
    total = total.summed(over: total.labels.filter { !output.contains($0) })
    // An axis that stretched nothing was dropped on the way.
    let missing = output.filter { !total.labels.contains($0) }
    if !missing.isEmpty {
      total = Named(
        tensor: total.tensor.reshaped(to: Shape(total.tensor.shape.dimensions + missing.map { _ in 1 })), labels: total.labels + missing)
    }
    return total.ordered(output)
  }

  /// Two operands as one, summed over what nobody wants any more.
  private static func product(_ first: Named, _ second: Named, _ wanted: Set<Character>) -> Named {
    // An axis of extent 1 that the other has longer stretches: it is none.
    let a = first.dropping(first.labels.filter { first.extent($0) == 1 && second.extent($0) != 1 })
      .summedAlone(beside: second, wanted)
    let b = second.dropping(second.labels.filter { second.extent($0) == 1 && first.extent($0) != 1 })
      .summedAlone(beside: first, wanted)
    let shared = a.labels.filter(b.labels.contains)
    let batch = shared.filter(wanted.contains)
    let summed = shared.filter { !wanted.contains($0) }
    let (left, right) = (a.labels.filter { !shared.contains($0) }, b.labels.filter { !shared.contains($0) })
    let labels = batch + left + right
    if summed.isEmpty {
      let x = a.ordered(batch + left).reshaped(to: Shape((batch + left).map(a.extent) + right.map { _ in 1 }))
      let y = b.ordered(batch + right).reshaped(to: Shape(batch.map(b.extent) + left.map { _ in 1 } + right.map(b.extent)))
      return Named(tensor: x * y, labels: labels)
    }
    func size(_ operand: Named, _ labels: [Character]) -> Int { labels.reduce(1) { $0 * operand.extent($1) } }
    // As they lie, if they lie well.
    let isTransposed = a.labels == batch + summed + left && !left.isEmpty
    let x = a.ordered(isTransposed ? batch + summed + left : batch + left + summed)
    let isOtherTransposed = b.labels == batch + right + summed
    let y = b.ordered(isOtherTransposed ? batch + right + summed : batch + summed + right)
    let front = batch.isEmpty ? [] : [size(a, batch)]
    let (rows, inner, columns) = (size(a, left), size(a, summed), size(b, right))
    let product = x.reshaped(to: Shape(front + (isTransposed ? [inner, rows] : [rows, inner])))
      .matmul(
        y.reshaped(to: Shape(front + (isOtherTransposed ? [columns, inner] : [inner, columns]))), transposeSelf: isTransposed,
        transposeOther: isOtherTransposed)
    return Named(
      tensor: product.reshaped(to: Shape(batch.map(a.extent) + left.map(a.extent) + right.map(b.extent))), labels: labels)
  }
}

extension Summation.Named {
  /// Summed over what neither the other operand nor anybody later has.
  fileprivate func summedAlone(beside other: Summation.Named, _ wanted: Set<Character>) -> Summation.Named {
    summed(over: labels.filter { !wanted.contains($0) && !other.labels.contains($0) })
  }
}

/// An equation in a message.
private func printed(_ text: String) -> String {
  "\"\(text.unicodeScalars.map { $0.isASCII && $0.value >= 32 ? String($0) : "?" }.joined())\""
}
