/// Lays slices out in one arena so that those whose lifetimes overlap do not share memory.
///
/// Greedy by size: the largest slice first, each at the lowest place where it disturbs none that is alive at the same time
/// (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference").
struct ArenaLayout {
  /// A slice to place: from the launch that first writes it to the last that reads it.
  struct Request {
    var size: Int
    var first: Int
    var last: Int
  }

  private(set) var offsets: [Int]
  private(set) var size = 0

  init(_ requests: [Request]) {
    offsets = [Int](repeating: 0, count: requests.count)
    var placed: [(first: Int, last: Int, start: Int, end: Int)] = []  // kept in order of start
    let order = requests.indices.sorted {
      (requests[$0].size, requests[$1].first, $1) > (requests[$1].size, requests[$0].first, $0)
    }
    for index in order {
      let request = requests[index]
      var start = 0
      for other in placed where other.first <= request.last && request.first <= other.last {
        if start + request.size <= other.start { break }
        start = max(start, other.end)
      }
      offsets[index] = start
      let entry = (first: request.first, last: request.last, start: start, end: start + request.size)
      placed.insert(entry, at: placed.firstIndex { $0.start > start } ?? placed.count)
      size = max(size, entry.end)
    }
  }
}
