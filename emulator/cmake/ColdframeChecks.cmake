# coldframe_add_check(NAME name TARGET dir-or-function.json
#                     [GOLDEN file…] [EVENT file] [BUDGETS expr…] [STARTS n] [LABELS label…])
#
# Registers ctest tests for a Lambda function:
#   <name>.answers   with GOLDEN: `coldframe validate`; without: one `coldframe invoke` must succeed
#   <name>.cold      with BUDGETS on init, first, cold, memory or errors: `coldframe bench cold`
#   <name>.warm      with BUDGETS on warm or latency: `coldframe bench warm`
# Relative paths are relative to the current source directory. A keyword without a value is an error.
# Timing tests carry the label `perf` and run alone. A host that cannot run the function skips (77).
# A percentile budget that STARTS (40) cannot decide fails with exit code 5 and says what it needs.

function(coldframe_add_check)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TARGET;EVENT;STARTS" "GOLDEN;BUDGETS;LABELS")
  if(NOT arg_NAME OR NOT arg_TARGET)
    message(FATAL_ERROR "coldframe_add_check: NAME and TARGET are required")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "coldframe_add_check: unknown argument '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  # A list variable that is empty by mistake would take its gate away without a word.
  if(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR
      "coldframe_add_check(${arg_NAME}): no value for ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  # ctest runs elsewhere; paths are as in the CMakeLists.txt that names them.
  foreach(path TARGET EVENT)
    if(arg_${path})
      cmake_path(ABSOLUTE_PATH arg_${path} BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    endif()
  endforeach()
  if(NOT arg_STARTS)
    set(arg_STARTS 40)
  endif()
  set(event)
  if(arg_EVENT)
    set(event -e "${arg_EVENT}")
  endif()

  if(arg_GOLDEN)
    set(goldens)
    foreach(file IN LISTS arg_GOLDEN)
      cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
      list(APPEND goldens --golden "${file}")
    endforeach()
    add_test(NAME ${arg_NAME}.answers
      COMMAND $<TARGET_FILE:coldframe::coldframe> validate "${arg_TARGET}" ${goldens}
              --junit "${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.answers.xml")
  else()
    add_test(NAME ${arg_NAME}.answers
      COMMAND $<TARGET_FILE:coldframe::coldframe> invoke "${arg_TARGET}" ${event})
  endif()
  set_tests_properties(${arg_NAME}.answers PROPERTIES
    SKIP_RETURN_CODE 77 LABELS "coldframe;${arg_LABELS}")

  set(cold)
  set(warm)
  foreach(budget IN LISTS arg_BUDGETS)
    if(budget MATCHES "^ *(warm|latency)\\.")
      list(APPEND warm --threshold "${budget}")
    else()
      list(APPEND cold --threshold "${budget}")
    endif()
  endforeach()
  if(cold)
    add_test(NAME ${arg_NAME}.cold
      COMMAND $<TARGET_FILE:coldframe::coldframe> bench cold "${arg_TARGET}" ${event}
              --starts ${arg_STARTS} ${cold})
  endif()
  if(warm)
    add_test(NAME ${arg_NAME}.warm
      COMMAND $<TARGET_FILE:coldframe::coldframe> bench warm "${arg_TARGET}" ${event} ${warm})
  endif()
  foreach(kind cold warm)
    if(${kind})
      set_tests_properties(${arg_NAME}.${kind} PROPERTIES
        SKIP_RETURN_CODE 77 RUN_SERIAL ON LABELS "coldframe;perf;${arg_LABELS}")
    endif()
  endforeach()
endfunction()
