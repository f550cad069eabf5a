# Installs the build into a prefix of its own, then configures, builds and tests the consumer.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " text)
    message(FATAL_ERROR "failed: ${text}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
set(flags "${CXX_FLAGS}")
if(SANITIZER)
  string(APPEND flags " -fsanitize=${SANITIZER}")
endif()
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
foreach(file bin/coldframe lib/cmake/coldframe/coldframeConfig.cmake
             share/coldframe/schemas/bench.schema.json share/doc/coldframe/docs/thresholds.md
             share/man/man1/coldframe.1
             share/bash-completion/completions/coldframe share/zsh/site-functions/_coldframe
             share/fish/vendor_completions.d/coldframe.fish)
  if(NOT EXISTS "${WORK_DIR}/prefix/${file}")
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()
run(${CMAKE_COMMAND} -S "${CONSUMER_DIR}" -B "${WORK_DIR}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" "-DCMAKE_CXX_COMPILER=${CXX}"
    "-DCMAKE_CXX_FLAGS=${flags}")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/build")
run(ctest --test-dir "${WORK_DIR}/build" --output-on-failure --no-tests=error)

# A gate without its files is refused.
execute_process(
  COMMAND ${CMAKE_COMMAND} -S "${CONSUMER_DIR}/empty_gate" -B "${WORK_DIR}/empty_gate" -G Ninja
          "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" "-DCMAKE_CXX_COMPILER=${CXX}"
          "-DCMAKE_CXX_FLAGS=${flags}"
  RESULT_VARIABLE result ERROR_VARIABLE said OUTPUT_QUIET)
if(result EQUAL 0 OR NOT said MATCHES "gate.*no value for GOLDEN")
  message(FATAL_ERROR "an empty GOLDEN was not refused: ${said}")
endif()

# As a subdirectory it installs nothing: with rules this would miss files that were never built.
run(${CMAKE_COMMAND} -S "${CONSUMER_DIR}/subdirectory" -B "${WORK_DIR}/subdirectory" -G Ninja
    "-DCOLDFRAME_SOURCE_DIR=${SOURCE_DIR}" "-DCMAKE_CXX_COMPILER=${CXX}"
    "-DCMAKE_CXX_FLAGS=${flags}")
run(${CMAKE_COMMAND} --install "${WORK_DIR}/subdirectory" --prefix "${WORK_DIR}/nothing")
if(EXISTS "${WORK_DIR}/nothing")
  message(FATAL_ERROR "a subdirectory has installed something")
endif()
