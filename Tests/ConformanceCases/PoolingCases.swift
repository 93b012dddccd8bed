import GlissadeTensors

// MARK: Reference

/// The pixels of an image that each window sees, with the tap that sees them.
private func forEachTap(
  _ window: Window, _ image: Shape, _ pooled: Shape, _ body: (_ n: Int, _ oy: Int, _ ox: Int, _ iy: Int, _ ix: Int) -> Void
) {
  for n in 0..<pooled[0] {
    for oy in 0..<pooled[1] {
      for ox in 0..<pooled[2] {
        for ky in 0..<window.kernelHeight {
          for kx in 0..<window.kernelWidth {
            let iy = oy * window.strideHeight - window.paddingHeight + ky * window.dilationHeight
            let ix = ox * window.strideWidth - window.paddingWidth + kx * window.dilationWidth
            if (0..<image[1]).contains(iy) && (0..<image[2]).contains(ix) { body(n, oy, ox, iy, ix) }
          }
        }
      }
    }
  }
}

func pooledShape(_ image: Shape, _ window: Window) -> Shape {
  if window.roundsUp { return roundedUpShape(image, window) }
  let height = (image[1] + 2 * window.paddingHeight - window.dilationHeight * (window.kernelHeight - 1) - 1) / window.strideHeight + 1
  let width = (image[2] + 2 * window.paddingWidth - window.dilationWidth * (window.kernelWidth - 1) - 1) / window.strideWidth + 1
  return [image[0], height, width, image[3]]
}

private func roundedUpShape(_ image: Shape, _ window: Window) -> Shape {
  func count(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
    // Windows that begin within the image or the padding before it, as long as something is left of the padded image.
    let last = size + 2 * padding - dilation * (kernel - 1) - 1
    return (0...(size + 2 * padding)).filter { $0 * stride < last + stride && $0 * stride < size + padding }.count
  }
  return [
    image[0], count(image[1], window.kernelHeight, window.strideHeight, window.paddingHeight, window.dilationHeight),
    count(image[2], window.kernelWidth, window.strideWidth, window.paddingWidth, window.dilationWidth), image[3],
  ]
}

func maxPoolReference(_ x: Numbers, _ window: Window) -> Numbers {
  var result = Numbers(pooledShape(x.shape, window), repeating: -.infinity)
  forEachTap(window, x.shape, result.shape) { n, oy, ox, iy, ix in
    for c in 0..<x.shape[3] { result[n, oy, ox, c] = max(result[n, oy, ox, c], x[n, iy, ix, c]) }
  }
  return result
}

/// The sizes by which windows divide: all taps that fall on the image or its padding, or on the image alone.
private func divisors(_ image: Shape, _ window: Window, countsPadding: Bool) -> Numbers {
  var result = Numbers(pooledShape(image, window))
  if countsPadding {
    // A window that sticks out of the padding is as large as what is left of it.
    for index in result.values.indices {
      let place = Numbers.places(index, result.shape)
      let height = min(window.kernelHeight, image[1] + 2 * window.paddingHeight - place[1] * window.strideHeight)
      let width = min(window.kernelWidth, image[2] + 2 * window.paddingWidth - place[2] * window.strideWidth)
      result.values[index] = Double(height * width)
    }
  } else {
    forEachTap(window, image, result.shape) { n, oy, ox, _, _ in for c in 0..<image[3] { result[n, oy, ox, c] += 1 } }
  }
  return result
}

func averagePoolReference(_ x: Numbers, _ window: Window, countsPadding: Bool) -> Numbers {
  let divisors = divisors(x.shape, window, countsPadding: countsPadding)
  var result = Numbers(divisors.shape)
  forEachTap(window, x.shape, result.shape) { n, oy, ox, iy, ix in
    for c in 0..<x.shape[3] { result[n, oy, ox, c] += x[n, iy, ix, c] / divisors[n, oy, ox, c] }
  }
  return result
}

func averagePoolGradientReference(_ dy: Numbers, _ image: Shape, _ window: Window, countsPadding: Bool) -> Numbers {
  let divisors = divisors(image, window, countsPadding: countsPadding)
  var result = Numbers(image)
  forEachTap(window, image, dy.shape) { n, oy, ox, iy, ix in
    for c in 0..<image[3] { result[n, iy, ix, c] += dy[n, oy, ox, c] / divisors[n, oy, ox, c] }
  }
  return result
}

// MARK: Rows

extension Table {
  static var pooling: Table {
    let entries: [(Shape, Window)] = [
      ([2, 4, 6, 5], Window(kernel: (2, 2), stride: (2, 2))), ([1, 7, 7, 17], Window(kernel: (2, 2), stride: (2, 2))),
      ([2, 7, 5, 3], Window(kernel: (3, 3), stride: (2, 2), padding: (1, 1))), ([1, 5, 6, 16], Window(kernel: (3, 3))),
      ([1, 6, 5, 19], Window(kernel: (3, 2), stride: (1, 2), padding: (1, 1))),
      ([1, 9, 8, 2], Window(kernel: (2, 3), stride: (3, 1), dilation: (2, 2))), ([1, 5, 5, 1], Window(kernel: (5, 5))),
      ([3, 1, 1, 33], Window(kernel: (1, 1))), ([1, 4, 9, 7], Window(kernel: (1, 4), stride: (2, 3), padding: (0, 2))),
      ([1, 11, 11, 3], Window(kernel: (5, 5), stride: (1, 1), padding: (2, 2))), ([1, 8, 8, 4], Window(kernel: (2, 2), stride: (3, 3))),
      ([1, 6, 7, 5], Window(kernel: (3, 3), stride: (2, 2), roundsUp: true)),
      ([2, 5, 6, 17], Window(kernel: (2, 2), stride: (2, 2), padding: (1, 1), roundsUp: true)),
      ([1, 6, 5, 3], Window(kernel: (3, 3), stride: (2, 2), padding: (1, 1), roundsUp: true)),
      ([1, 9, 8, 2], Window(kernel: (2, 2), stride: (3, 3), dilation: (2, 2), roundsUp: true)),
      ([1, 7, 8, 1], Window(kernel: (2, 2), stride: (3, 3), roundsUp: true)),
      // Side by side, cut off at the edges and with pixels left, of whole vectors and not; and not side by side.
      ([1, 7, 12, 32], Window(kernel: (3, 3), stride: (3, 3), padding: (1, 1))),
      ([2, 5, 7, 16], Window(kernel: (2, 2), stride: (2, 2), padding: (1, 1))),
      ([1, 9, 11, 20], Window(kernel: (4, 3), stride: (4, 3), padding: (2, 0))),
      ([1, 7, 6, 48], Window(kernel: (3, 3), stride: (2, 2), padding: (1, 1))),
    ]
    return Table(
      name: "pooling",
      cases: entries.flatMap { entry -> [Case] in
        let (shape, window) = entry
        var rows = [
          Case(
            "max pool, \(window)", [Operand(shape, .distinct)], one: { $0[0].maxPooled(window) },
            reference: { maxPoolReference($0[0], window) })
        ]
        for countsPadding in [true, false] {
          let name = "average pool, \(countsPadding ? "padding counts, " : "")\(window)"
          guard window.dilationHeight == 1 && window.dilationWidth == 1 else { continue }
          rows.append(
            Case(
              name, [Operand(shape)], one: { $0[0].averagePooled(window, countsPadding: countsPadding) },
              reference: {
                averagePoolReference($0[0], window, countsPadding: countsPadding)
              }))
          rows.append(
            Case(
              "gradient of " + name, [Operand(pooledShape(shape, window))],
              one: {
                let rule = AveragePoolGradient(window: window, countsPadding: countsPadding, inputShape: shape)
                return $0[0].graph.record(.averagePoolGradient(rule), $0)
              }, reference: { averagePoolGradientReference($0[0], shape, window, countsPadding: countsPadding) }))
        }
        return rows
      })
  }
}
