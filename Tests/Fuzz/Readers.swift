import Glibc
import GlissadeData
import GlissadeFormats
import TestSupport

/// Every reader of files that come from elsewhere.
func allReaders(_ folder: TemporaryFolder) throws -> [Reader] {
  [try checkpoints(folder), try safetensors(folder), json(), idx(folder), csv(folder)]
}

/// What a careful caller does with a file of weights: everything.
private func readAll(_ path: String) -> Bool {
  do throws(FormatError) {
    let file = try WeightsFile(path: path)
    _ = try? file.stateDictionary().removingPrefix()
    for tensor in file.tensors {
      let bytes = try file.bytes(of: tensor.name)
      guard bytes.count == tensor.byteCount else { abort() }
      _ = try? file.floats(of: tensor.name)
    }
    return true
  } catch {
    guard error.path == path, !error.description.contains("\n") else { abort() }
    return false
  }
}

private func checkpoints(_ folder: TemporaryFolder) throws -> Reader {
  let files = try FixtureFolder.checkpoints.map(FixtureFolder.bytes)
  // With checksums few inputs would get further than those; both kinds are tried.
  return Reader(name: "checkpoint", corpus: files + files.map(withoutChecksums)) { bytes in
    readAll(try folder.put("a.pt", bytes))
  }
}

/// The same archive with zeros for checksums, as PyTorch writes it when told to.
private func withoutChecksums(_ archive: [UInt8]) -> [UInt8] {
  var bytes = archive
  for (signature, place) in [([0x50, 0x4b, 1, 2] as [UInt8], 16), ([0x50, 0x4b, 3, 4], 14)] {
    for index in bytes.indices.dropLast(place + 4) where bytes[index..<index + 4].elementsEqual(signature) {
      for offset in 0..<4 { bytes[index + place + offset] = 0 }
    }
  }
  return bytes
}

private func safetensors(_ folder: TemporaryFolder) throws -> Reader {
  try SafetensorsWriter.write(
    path: folder.file("corpus"),
    [
      WeightsEntry(name: "weight", shape: [2, 3], [1, 2, 3, 4, 5, 6] as [Float]), WeightsEntry(name: "step", shape: [], [7] as [Int64]),
      WeightsEntry(name: "empty", shape: [0], [] as [Float]),
      WeightsEntry(name: "half", type: .bfloat16, shape: [4]) { (writer) throws(FormatError) in
        try writer.write(elements: [1, 2, 3, 4] as [UInt16])
      },
    ], metadata: ["format": "pt", "note": "é \"quoted\""])
  let corpus = try folder.get("corpus")
  return Reader(name: "safetensors", corpus: [corpus]) { bytes in readAll(try folder.put("a.safetensors", bytes)) }
}

private func json() -> Reader {
  let texts = [
    #"{"a":[1,2.5e-3,-0,true,false,null],"b":{"c":"\u00e9\ud83d\ude00\n\\","d":{}},"e":[]}"#, #"["NaN",9223372036854775807,1e308]"#,
    #" { "__metadata__" : { } , "x" : { "dtype" : "F32" , "shape" : [ 1 , 2 ] , "data_offsets" : [ 0 , 8 ] } } "#,
  ]
  return Reader(name: "json", corpus: texts.map { Array($0.utf8) }) { bytes in
    guard let value = try? JSONValue.parse(bytes) else { return false }
    // What was read is written and read again as the same value.
    guard let again = try? JSONValue.parse(Array(value.text(pretty: true).utf8)), again == value else { abort() }
    return true
  }
}

private func idx(_ folder: TemporaryFolder) -> Reader {
  let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 3] + [UInt8](0..<36)
  let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 1]
  let gzip: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3] + HandmadeArchive.deflate(images)
  let trailer = HandmadeArchive.checksum(images)
  let sum = (0..<4).map { UInt8(truncatingIfNeeded: trailer >> UInt32(8 * $0)) } + [UInt8(images.count), 0, 0, 0]
  return Reader(name: "idx", corpus: [images, gzip + sum]) { bytes in
    _ = try folder.put("train-labels-idx1-ubyte", labels)
    _ = try folder.put("train-images-idx3-ubyte", bytes)
    return (try? IDXFolder(path: folder.path).load(.training)) != nil
  }
}

private func csv(_ folder: TemporaryFolder) -> Reader {
  let tables = [
    "a,b,kind\n1,2.5e-3,x\n-4,,y\n5,6,x\n",
    "\u{feff}\"first, quoted\",second\r\n\"one \"\"word\"\"\",1\r\n\"two\nlines\",NA\r\n\r\n\"\",3\r\n",
    "x,y\n" + (0..<40).map { "\($0),\($0 % 3)\n" }.joined(),
  ]
  return Reader(name: "csv", corpus: tables.map { Array($0.utf8) }) { bytes in
    let path = try folder.put("a.csv", bytes)
    do throws(DataError) {
      let table = try Table(path: path)
      let target = table.columns[table.columns.count - 1].name
      for missing in TableEncoding.Missing.allCases {
        guard let encoding = try? TableEncoding(of: table, rows: Array(0..<table.count), target: target, missing: missing) else { continue }
        guard let samples = try? encoding.samples(of: table) else { continue }
        guard samples.data.features.allSatisfy(\.isFinite), samples.data.count == samples.rows.count else { abort() }
      }
      return true
    } catch {
      guard error.description.contains(path), !error.description.contains("\n") else { abort() }
      return false
    }
  }
}
