/// The instructions of Python's pickle machine, protocols 0 to 5, under the names of Python's `pickletools`.
enum PickleOpcode: UInt8 {
  case mark = 0x28
  case stop = 0x2e
  case pop = 0x30
  case popMark = 0x31
  case dup = 0x32
  case frame = 0x95
  case proto = 0x80

  // Numbers and single values.
  case none = 0x4e
  case newTrue = 0x88
  case newFalse = 0x89
  case int = 0x49
  case long = 0x4c
  case binInt = 0x4a
  case binInt1 = 0x4b
  case binInt2 = 0x4d
  case long1 = 0x8a
  case long4 = 0x8b
  case float = 0x46
  case binFloat = 0x47

  // Text and bytes.
  case string = 0x53
  case binString = 0x54
  case shortBinString = 0x55
  case unicode = 0x56
  case shortBinUnicode = 0x8c
  case binUnicode = 0x58
  case binUnicode8 = 0x8d
  case shortBinBytes = 0x43
  case binBytes = 0x42
  case binBytes8 = 0x8e
  case byteArray8 = 0x96
  case nextBuffer = 0x97
  case readonlyBuffer = 0x98

  // Containers.
  case emptyTuple = 0x29
  case tuple = 0x74
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyList = 0x5d
  case list = 0x6c
  case append = 0x61
  case appends = 0x65
  case emptyDict = 0x7d
  case dict = 0x64
  case setItem = 0x73
  case setItems = 0x75
  case emptySet = 0x8f
  case addItems = 0x90
  case frozenSet = 0x91

  // The memo.
  case put = 0x70
  case binPut = 0x71
  case longBinPut = 0x72
  case memoize = 0x94
  case get = 0x67
  case binGet = 0x68
  case longBinGet = 0x6a

  // Names, calls and objects.
  case global = 0x63
  case stackGlobal = 0x93
  case reduce = 0x52
  case build = 0x62
  case inst = 0x69
  case obj = 0x6f
  case newObj = 0x81
  case newObjEx = 0x92
  case persID = 0x50
  case binPersID = 0x51
  case ext1 = 0x82
  case ext2 = 0x83
  case ext4 = 0x84
}
