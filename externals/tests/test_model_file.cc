#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/model_file.h"

using namespace vschaos;

namespace {

// Of "abc".
const std::string kHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

struct Folder {
  Folder() {
    char name[] = "/tmp/vschaos_testXXXXXX";
    path = std::string(mkdtemp(name)) + "/";
  }
  ~Folder() { std::filesystem::remove_all(path); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(path + name, std::ios::binary) << text;
  }

  Failure Check(const std::string& name) { return CheckModelFile(path + name, is_cancelled); }

  std::string path;
  std::atomic<bool> is_cancelled{false};
};

}  // namespace

TEST_CASE("a file is compared with its card, if that has a hash") {
  Folder folder;
  folder.Write("a.ts", "abc");
  CHECK(folder.Check("a.ts") == "");
  for (const std::string& card :
       {std::string(), std::string("no json"), std::string("{\"sha256\": 3}"),
        std::string("{\"sha256\": \"abc\"}"), std::string("{\"sha256\""),
        "{\"run\": {\"sha256\": \"" + std::string(64, '0') + "\"}}",
        "{\"name\": \"\\\"sha256\", \"sha256\": \"" + kHash + "\"}"}) {
    folder.Write("a.json", card);
    CHECK(folder.Check("a.ts") == "");
  }
  folder.Write("a.ts", "abd");
  CHECK(folder.Check("a.ts") ==
        "is not the file that its card a.json was made for: export it again, or remove the card if "
        "you trust the file");
  folder.is_cancelled = true;
  CHECK(folder.Check("a.ts") == "");
}

TEST_CASE("a card may be anything") {
  Folder folder;
  folder.Write("a.ts", "abc");
  std::filesystem::create_directory(folder.path + "a.json");
  CHECK(folder.Check("a.ts") == "");
  std::filesystem::remove(folder.path + "a.json");
  mkfifo((folder.path + "a.json").c_str(), 0600);  // would keep waiting who opens it
  CHECK(folder.Check("a.ts") == "");
}

TEST_CASE("what is no file is not opened") {
  Folder folder;
  Failure failure;
  CHECK_FALSE(Exists(folder.path + "a.ts", &failure));
  mkfifo((folder.path + "a.ts").c_str(), 0600);
  CHECK(folder.Check("a.ts") == "is a FIFO, not a file");
  std::filesystem::create_directory(folder.path + "b.ts");
  CHECK(folder.Check("b.ts") == "is a folder, not a file");
  std::filesystem::create_symlink("/dev/zero", folder.path + "c.ts");
  CHECK(folder.Check("c.ts") == "is a device or a socket, not a file");
  folder.Write("d.ts", "");
  CHECK(folder.Check("d.ts") == "");  // libtorch says what is missing
  REQUIRE(truncate((folder.path + "d.ts").c_str(), off_t(9) << 30) == 0);
  CHECK(folder.Check("d.ts") == "is larger than 8 GB: no instrument is");
}
