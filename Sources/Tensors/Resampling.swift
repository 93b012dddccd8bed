extension Tensor {
  /// These [N, H, W, C] images in another size, each pixel a mixture of the four around its place: PyTorch's
  /// `interpolate(size=…, mode="bilinear")`.
  ///
  /// Along an axis of s pixels, pixel i of n is at (i + ½)·s / n − ½, but not before 0, or with `alignsCorners` at i·(s − 1) / (n − 1); there it
  /// is (1 − t)·x[j] + t·x[j + 1], where j is the place rounded down and t what is left. Beyond the last pixel there is that pixel.
  /// - Parameters:
  ///   - height: n of the height.
  ///   - width: n of the width.
  ///   - alignsCorners: whether the outermost pixels stay at the corners; default false, PyTorch's.
  public func resized(height: Int, width: Int, alignsCorners: Bool = false) -> Tensor {
    guard isValid else { return self }
    let limit = 1...(1 << 15)
    guard shape.rank == 4, dtype == .float32, limit.contains(height), limit.contains(width) else {
      return graph.reject(
        "resize", [self],
        because:
          "it needs [batch, height, width, channels] of float32, and a size, which is \(height)×\(width), from 1 to \(limit.upperBound)")
    }
    return interpolated(axis: 1, to: height, alignsCorners).interpolated(axis: 2, to: width, alignsCorners)
  }

  private func interpolated(axis: Int, to count: Int, _ alignsCorners: Bool) -> Tensor {
    let extent = shape[axis]
    guard count != extent else { return self }
    let step = alignsCorners ? Double(extent - 1) / Double(Swift.max(count - 1, 1)) : Double(extent) / Double(count)
    let places = (0..<count).map { alignsCorners ? Double($0) * step : Swift.max(0, (Double($0) + 0.5) * step - 0.5) }
    let lower = places.map { Swift.min(Int($0), extent - 1) }
    func pixels(_ places: [Int]) -> Tensor { taken(graph.constant(integers: places.map { Int32(truncatingIfNeeded: $0) }), axis: axis) }
    let (below, above) = (pixels(lower), pixels(lower.map { Swift.min($0 + 1, extent - 1) }))
    // Stretched over what lies behind it, and not over the batch: so a chain reads it.
    let inner = Array(shape.dimensions[(axis + 1)...])
    let parts = zip(places, lower).map { Float(Swift.min($0 - Double($1), 1)) }
    let part = graph.constant(parts, shape: Shape([count] + inner.map { _ in 1 })).broadcast(to: Shape([count] + inner))
    return below + (above - below) * part
  }
}
