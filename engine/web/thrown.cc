// What becomes of an exception in a web page.
//
// WebAssembly without its own exceptions cannot catch. What the engine throws is why it refuses a
// file, and nothing is played afterwards: so the page is told the reason, throws it as its own
// error, and lets this instance go.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>

extern "C" {

__attribute__((import_module("page"), import_name("refused"))) void page_refused(const char* why,
                                                                                 std::size_t size);

void* __cxa_allocate_exception(std::size_t size) noexcept { return std::malloc(size); }
void __cxa_free_exception(void* thrown) noexcept { std::free(thrown); }

// All that is thrown here is a std::exception, which is the first part of it.
__attribute__((noreturn)) void __cxa_throw(void* thrown, void*, void (*)(void*)) {
  const char* const why = static_cast<const std::exception*>(thrown)->what();
  page_refused(why, std::strlen(why));
  __builtin_trap();
}

}
