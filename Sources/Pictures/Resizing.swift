import CPictures

/// A rectangle of pixels.
struct PictureWindow: Equatable {
  var left: Int
  var top: Int
  var width: Int
  var height: Int
}

extension Picture {
  /// The picture at another size, antialiased: a triangle filter as wide as the reduction asks for, bit for bit what Pillow's
  /// `resize((width, height), BILINEAR)` gives.
  /// - Returns: nil when a side is not positive or beyond 65 535, or there is no memory.
  public func resized(width: Int, height: Int) -> Picture? {
    guard (1...65_535).contains(width), (1...65_535).contains(height) else { return nil }
    let all = PictureWindow(left: 0, top: 0, width: self.width, height: self.height)
    return resized(all, width: width, height: height, keeping: PictureWindow(left: 0, top: 0, width: width, height: height))
  }

  /// A part of the picture, resized, and of the result another part. All sizes are positive and the parts lie where they should.
  func resized(_ source: PictureWindow, width: Int, height: Int, keeping part: PictureWindow) -> Picture? {
    var task = PictureResize()
    (task.width, task.height, task.stride) = (source.width, source.height, self.width * 3)
    (task.newWidth, task.newHeight) = (width, height)
    (task.left, task.top, task.partWidth, task.partHeight) = (part.left, part.top, part.width, part.height)
    var failed = false
    let resized = [UInt8](unsafeUninitializedCapacity: part.width * part.height * 3) { buffer, count in
      failed = pixels.withUnsafeBufferPointer { pixels in
        guard let base = pixels.baseAddress else { return true }
        return picture_resize(base + (source.top * self.width + source.left) * 3, &task, buffer.baseAddress) != 0
      }
      count = failed ? 0 : part.width * part.height * 3
    }
    return failed ? nil : Picture(part.width, part.height, resized)
  }
}
