// The fast path against ICU alone on real text in 39 languages and in the names and descriptions of
// Debian's packages; a part of the pages, so that it takes a few seconds.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "content/json_text.h"
#include "content/words.h"
#include "recovery/csv/content_directory.h"

namespace redkeep::content {
namespace {

using Words = std::vector<std::string>;
using recovery::CsvReader;

struct Compared {
  int pages = 0;
  std::size_t words = 0;
  std::set<std::string> different;
};

// Every `step`-th entity of a content directory.
Compared compare(const std::string& directory, int step) {
  Compared compared;
  auto file = recovery::EntityFile::open(directory);
  EXPECT_TRUE(file);
  if (!file) return compared;
  WordExtractor fast;
  WordExtractor icu;
  EntityView entity;
  for (int row = 0; file->next(entity) == CsvReader::Next::Row; ++row) {
    if (row % step != 0) continue;
    std::string text;
    append_searched_text(entity.data, text);
    text += '\n';
    text += entity.semantic_name;
    const auto& by_fast = fast.words_of(entity);
    const auto& by_icu = icu.words_of_text_by_icu(text);
    ++compared.pages;
    compared.words += by_fast.size();
    compared.different.insert(by_fast.begin(), by_fast.end());
    if (by_fast == by_icu) continue;
    ADD_FAILURE() << file->reader().problem_at(0, "its words are not ICU's: ")
                  << testing::PrintToString(by_fast) << " and " << testing::PrintToString(by_icu);
    break;
  }
  return compared;
}

std::string shared(const char* content) {
  return std::string(REDKEEP_SOURCE_DIR) + "/../shared/data/" + content;
}

TEST(WordsOfRealText, AreIcusInThirtyNineLanguages) {
  const std::string directory = shared("tldr-content");
  if (!std::filesystem::exists(directory)) GTEST_SKIP() << directory << " is not there";
  const Compared compared = compare(directory, 4);
  EXPECT_GT(compared.pages, 5000);
  EXPECT_GT(compared.words, 100'000U);
  // In these scripts, among others, something was compared at all.
  for (const char* word : {"file", "grösse", "файл", "ファイル", "文件", "파일", "فایل", "फ़ाइल"}) {
    EXPECT_TRUE(compared.different.count(word)) << word;
  }
}

TEST(WordsOfRealText, AreIcusInDebiansPackages) {
  const std::string directory = shared("debian-content");
  if (!std::filesystem::exists(directory)) GTEST_SKIP() << directory << " is not there";
  const Compared compared = compare(directory, 11);
  EXPECT_GT(compared.pages, 5000);
  EXPECT_TRUE(compared.different.count("library"));
}

}  // namespace
}  // namespace redkeep::content
