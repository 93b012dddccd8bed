import CPictures
import GlissadeData

/// Samples as small pictures for people, as the model sees them.
extension Dataset {
  /// A sample as JPEG.
  /// - Parameters:
  ///   - index: which.
  ///   - epoch: in which epoch, from 0, for data that changes from epoch to epoch; default the first.
  ///   - normalization: what was done to its bytes.
  ///   - side: how many pixels wide and high it is at most: larger ones are reduced by a whole number; default 224.
  /// - Returns: `nil` for samples that are no pictures of one or three channels, and for one that cannot be read any more.
  package func illustration(
    ofSample index: Int, epoch: Int = 0, normalizedBy normalization: Normalization, side: Int = 224
  ) -> [UInt8]? {
    guard Illustration.isPossible(sampleShape, normalization), let pixels = try? gather([index], epoch: epoch).features else { return nil }
    return Illustration.jpeg(pixels[...], shape: sampleShape, normalizedBy: normalization, side: side)
  }
}

/// Numbers that a model sees as a picture, made into one for people.
package enum Illustration {
  /// Whether samples are pictures of one or three channels.
  package static func isPossible(_ shape: [Int], _ normalization: Normalization) -> Bool {
    shape.count == 3 && [1, 3].contains(shape[2]) && normalization.mean.count == shape[2]
  }

  /// A sample's numbers as JPEG.
  /// - Parameters:
  ///   - pixels: [height, width, channels] of them.
  ///   - shape: these extents.
  ///   - normalization: what was done to the picture's bytes.
  ///   - side: how many pixels wide and high it is at most: larger ones are reduced by a whole number.
  /// - Returns: `nil` for what is no picture of one or three channels.
  package static func jpeg(_ pixels: ArraySlice<Float>, shape: [Int], normalizedBy normalization: Normalization, side: Int) -> [UInt8]? {
    guard isPossible(shape, normalization), pixels.count == shape.reduce(1, *), side > 0 else { return nil }
    let (height, width, channels) = (shape[0], shape[1], shape[2])
    let step = (max(height, width, 1) + side - 1) / side
    let (rows, columns) = (height / step, width / step)
    guard rows > 0, columns > 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rows * columns * channels)
    for y in 0..<rows {
      for x in 0..<columns {
        for channel in 0..<channels {
          var sum: Float = 0
          for row in 0..<step {
            for column in 0..<step {
              sum += pixels[pixels.startIndex + ((y * step + row) * width + x * step + column) * channels + channel]
            }
          }
          let level = (sum / Float(step * step) * normalization.deviation[channel] + normalization.mean[channel]) * 255
          bytes.append(level.isFinite ? UInt8(min(max(level.rounded(), 0), 255)) : 0)
        }
      }
    }
    return JPEG.encoded(bytes, width: columns, height: rows, channels: channels)
  }
}

/// Pictures that are written.
enum JPEG {
  /// Encodes pixels, row by row.
  /// - Parameters:
  ///   - channels: 1 for grey, 3 for RGB.
  ///   - quality: from 1 to 100; default 80.
  /// - Returns: `nil` where libjpeg refuses.
  static func encoded(_ pixels: [UInt8], width: Int, height: Int, channels: Int, quality: Int32 = 80) -> [UInt8]? {
    guard [1, 3].contains(channels), width > 0, height > 0, pixels.count == width * height * channels else { return nil }
    // More than any picture takes: headers, and twice the pixels.
    var bytes = [UInt8](repeating: 0, count: 4096 + 2 * pixels.count)
    var count = bytes.count
    var message = [CChar](repeating: 0, count: Int(pictureMessageSize))
    let code = picture_jpeg_encode(pixels, width, height, Int32(channels), quality, &bytes, &count, &message)
    return code == 0 ? Array(bytes.prefix(count)) : nil
  }
}
